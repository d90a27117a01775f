// Small linear state-space models of how a level moves, and their Kalman filter.
//
//   y[t]        = level[t] + wander[t] + noise
//   level[t+1]  = level[t] + slope[t] + noise      a line, or a random walk with drift
//   slope[t+1]  = damping * slope[t] + noise       < 1: saturates; > 1: grows exponentially
//   wander[t+1] = ar * wander[t] + noise           swings that return to the level
//
// Harvey 1989, "Forecasting, Structural Time Series Models and the Kalman Filter"; Gardner,
// McKenzie 1985, "Forecasting trends in time series" (damping). All variances are relative to one
// scale, which is estimated in closed form.
#pragma once

#include <span>
#include <vector>

namespace firn::query {

struct TrendSpec {
  bool has_slope = false;
  double damping = 1;
  double ar = 0;
  double noise = 1;         // Variances: of the observation,
  double level_noise = 0;   // ... of the steps of the level,
  double slope_noise = 0;   // ... of the steps of the slope,
  double wander_noise = 0;  // ... and of the steps of the wander.
  double log_prior = 0;
};

struct TrendState {
  double level = 0;
  double slope = 0;  // Per bin.
  double wander = 0;
};

// Symmetric; relative to the scale, as all variances here.
struct TrendCovariance {
  double level = 0, slope = 0, wander = 0;
  double level_slope = 0, level_wander = 0, slope_wander = 0;
};

struct TrendFit {
  // Marginal over slope and scale, up to a constant that depends on the data only.
  double log_likelihood = 0;
  double scale = 0;            // Estimated variance that all others are relative to.
  double freedom = 1;          // Degrees of freedom behind `scale`.
  TrendState state;            // At the last bin, given everything,
  TrendCovariance covariance;  // ... and its uncertainty.
};

// What happened at one bin, if asked for.
struct TrendTrace {
  TrendState state;  // Given everything up to this bin.
  TrendCovariance covariance;
  double innovation = 0;  // Observed minus predicted, in its own standard deviations but for the
                          // scale; NaN in gaps and at shifts.
};

// `y` holds one value per bin, NaN in gaps. At `shifts` (ascending indexes) the level jumps to
// wherever the value of that bin says, with slope and wander going on. `trace` may be null.
// REQUIRES: at least four finite values.
TrendFit FilterTrend(const TrendSpec& spec, std::span<const double> y,
                     std::span<const size_t> shifts, std::vector<TrendTrace>* trace);

// Level and wander of each bin given all bins, before and after (Rauch, Tung, Striebel 1965).
std::vector<double> SmoothTrend(const TrendSpec& spec, std::span<const double> y,
                                std::span<const size_t> shifts);

}  // namespace firn::query
