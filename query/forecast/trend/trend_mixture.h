// How the level of a series moves: a weighted set of small models, and the jumps between which
// they hold. Averaging over models keeps the doubt about which of them is right in the interval
// (Hoeting, Madigan, Raftery, Volinsky 1999, "Bayesian model averaging").
#pragma once

#include <span>
#include <vector>

#include "query/forecast/robust.h"
#include "query/forecast/trend/trend_filter.h"

namespace firn::query {

struct WeightedTrend {
  TrendSpec spec;
  TrendFit fit;
  double weight = 0;
};

struct TrendMixture {
  std::vector<WeightedTrend> members;  // Heaviest first; weights add up to 1.
  std::vector<size_t> shifts;          // Bins at which the level jumps, ascending,
  std::vector<double> shift_sizes;     // ... and by how much.
  // What was left out of the fit: per run of bins that only an incident explains, how far each was
  // from the level.
  std::vector<std::vector<double>> incidents;
  std::vector<double> smooth;  // Level and wander of each bin; NaN before the first value.
  size_t bins = 0;
};

// `y` holds one value per bin, NaN in gaps. REQUIRES: at least four finite values.
TrendMixture FitTrend(std::span<const double> y);

// Where the level stands and grows at the last bin, averaged over members.
TrendState MeanState(const TrendMixture& mixture);

// One future: `level[h]` and `noise[h]` of bin h after the last known one; h = 0 is that one.
// The level is continuous between bins, the noise belongs to each bin alone. Several runs differ
// by `share`, the place of the run among all in [0, 1), which picks the member. Returns the slope
// per bin at h = 0. REQUIRES: equal sizes, at least one.
double SimulateTrend(const TrendMixture& mixture, double share, FastRandom* random,
                     std::span<double> level, std::span<double> noise);

}  // namespace firn::query
