#include "query/forecast/trend/trend_filter.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/check.h"

namespace firn::query {

namespace {

// The slope's prior: this many times as vague as one observation's worth of information (Kass,
// Wasserman 1995), so that estimates are not drawn to zero; the likelihood is corrected for it, so
// that models with and without slope compare as if the prior were that one observation.
constexpr double kVagueness = 1e6;

// Spread of the path that a unit of initial slope draws over `n` bins.
double PathVariance(double damping, size_t n) {
  double sum = 0, sum2 = 0, at = 0, slope = 1;
  for (size_t t = 0; t < n; ++t) {
    sum += at;
    sum2 += at * at;
    at += slope;
    slope *= damping;
  }
  const double mean = sum / static_cast<double>(n);
  return std::max(sum2 / static_cast<double>(n) - mean * mean, 1e-300);
}

double StationaryWander(const TrendSpec& spec) {
  return spec.wander_noise / (1 - spec.ar * spec.ar);
}

// Sums up logarithms without taking one per term.
class LogSum {
 public:
  void Add(double x) {
    product_ *= x;
    if (product_ > 1e100 || product_ < 1e-100) Fold();
  }
  double Total() {
    Fold();
    return sum_;
  }

 private:
  void Fold() {
    sum_ += std::log(product_);
    product_ = 1;
  }
  double sum_ = 0;
  double product_ = 1;
};

// One thread at a time; lives for one pass.
class Filter {
 public:
  Filter(const TrendSpec& spec, double first, size_t bins) : spec_(spec) {
    // The level is wholly unknown before the first value.
    const double wander = StationaryWander(spec);
    state_.level = first;
    p_.level = spec.noise + wander;
    p_.wander = wander;
    p_.level_wander = -wander;
    if (spec.has_slope) {
      const double unit = spec.noise + wander + spec.level_noise;
      p_.slope = kVagueness * unit / PathVariance(spec.damping, bins);
    }
  }

  void Predict() {
    const double damping = spec_.damping;
    state_.level += state_.slope;
    state_.slope *= damping;
    state_.wander *= spec_.ar;
    p_.level += 2 * p_.level_slope + p_.slope + spec_.level_noise;
    p_.level_slope = damping * (p_.level_slope + p_.slope);
    p_.level_wander = spec_.ar * (p_.level_wander + p_.slope_wander);
    p_.slope = damping * damping * p_.slope + spec_.slope_noise;
    p_.slope_wander *= damping * spec_.ar;
    p_.wander = spec_.ar * spec_.ar * p_.wander + spec_.wander_noise;
  }

  // The level is wherever `y` says.
  void Jump(double y) {
    state_.level = y - state_.wander;
    p_.level = p_.wander + spec_.noise;
    p_.level_slope = -p_.slope_wander;
    p_.level_wander = -p_.wander;
  }

  // Returns the innovation in standard deviations but for the scale.
  double Update(double y) {
    const double to_level = p_.level + p_.level_wander;
    const double to_slope = p_.level_slope + p_.slope_wander;
    const double to_wander = p_.level_wander + p_.wander;
    const double variance = std::max(to_level + to_wander + spec_.noise, 1e-12);
    const double error = y - state_.level - state_.wander;
    const double inverse = 1 / variance;
    const double gain_level = to_level * inverse;
    const double gain_slope = to_slope * inverse;
    const double gain_wander = to_wander * inverse;
    state_.level += gain_level * error;
    state_.slope += gain_slope * error;
    state_.wander += gain_wander * error;
    p_.level -= gain_level * to_level;
    p_.slope -= gain_slope * to_slope;
    p_.wander -= gain_wander * to_wander;
    p_.level_slope -= gain_level * to_slope;
    p_.level_wander -= gain_level * to_wander;
    p_.slope_wander -= gain_slope * to_wander;
    // The first value after the first tells the slope, of which nothing was known: whatever it is,
    // it is no surprise.
    if (count_ > 0 || !spec_.has_slope) squares_ += error * error * inverse;
    variances_.Add(variance);
    ++count_;
    return error * std::sqrt(inverse);
  }

  const TrendState& state() const { return state_; }
  const TrendCovariance& covariance() const { return p_; }

  // `floor` keeps the scale of perfect fits above zero.
  TrendFit Finish(double floor) {
    TrendFit fit;
    const double count = static_cast<double>(std::max<size_t>(count_, 1));
    const double squares = squares_ + floor * count;
    fit.log_likelihood = -0.5 * (count * std::log(squares) + variances_.Total());
    if (spec_.has_slope) fit.log_likelihood += 0.5 * std::log(kVagueness);
    fit.freedom = std::max(count - (spec_.has_slope ? 1.0 : 0.0), 1.0);
    fit.scale = squares / fit.freedom;
    fit.state = state_;
    fit.covariance = p_;
    return fit;
  }

 private:
  const TrendSpec& spec_;
  TrendState state_;
  TrendCovariance p_;
  double squares_ = 0;
  LogSum variances_;
  size_t count_ = 0;
};

// Far below what doubles of this size can tell apart.
double ScaleFloor(std::span<const double> y) {
  double largest = 0;
  for (const double v : y) {
    if (std::isfinite(v)) largest = std::max(largest, std::abs(v));
  }
  return std::max(largest * largest * 1e-22, 1e-280);
}

struct Matrix {
  double m[3][3];
};

Matrix FullMatrix(const TrendCovariance& p) {
  return {{{p.level, p.level_slope, p.level_wander},
           {p.level_slope, p.slope, p.slope_wander},
           {p.level_wander, p.slope_wander, p.wander}}};
}

// Solves a * x = b for symmetric positive semi-definite a; directions without variance get 0.
void SolveSymmetric(Matrix a, double b[3]) {
  bool dead[3] = {};
  for (int i = 0; i < 3; ++i) {
    dead[i] = !(a.m[i][i] > 1e-14);
    if (dead[i]) continue;
    for (int row = i + 1; row < 3; ++row) {
      const double ratio = a.m[row][i] / a.m[i][i];
      for (int column = i; column < 3; ++column) a.m[row][column] -= ratio * a.m[i][column];
      b[row] -= ratio * b[i];
    }
  }
  for (int i = 2; i >= 0; --i) {
    if (dead[i]) {
      b[i] = 0;
      continue;
    }
    for (int column = i + 1; column < 3; ++column) b[i] -= a.m[i][column] * b[column];
    b[i] /= a.m[i][i];
  }
}

}  // namespace

TrendFit FilterTrend(const TrendSpec& spec, std::span<const double> y,
                     std::span<const size_t> shifts, std::vector<TrendTrace>* trace) {
  size_t t = 0;
  while (t < y.size() && !std::isfinite(y[t])) ++t;
  FIRN_CHECK(t < y.size());
  constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
  if (trace != nullptr) trace->assign(y.size(), TrendTrace{});
  Filter filter(spec, y[t], y.size() - t);
  size_t shift = 0;
  while (shift < shifts.size() && shifts[shift] <= t) ++shift;
  if (trace != nullptr) (*trace)[t] = {filter.state(), filter.covariance(), kNone};
  for (++t; t < y.size(); ++t) {
    filter.Predict();
    double innovation = kNone;
    if (std::isfinite(y[t])) {
      // A shift into a gap is seen at its end.
      if (shift < shifts.size() && shifts[shift] <= t) {
        filter.Jump(y[t]);
        while (shift < shifts.size() && shifts[shift] <= t) ++shift;
      } else {
        innovation = filter.Update(y[t]);
      }
    }
    if (trace != nullptr) (*trace)[t] = {filter.state(), filter.covariance(), innovation};
  }
  return filter.Finish(ScaleFloor(y));
}

std::vector<double> SmoothTrend(const TrendSpec& spec, std::span<const double> y,
                                std::span<const size_t> shifts) {
  std::vector<TrendTrace> trace;
  FilterTrend(spec, y, shifts, &trace);
  std::vector<double> smooth(y.size(), std::numeric_limits<double>::quiet_NaN());
  const size_t last = y.size() - 1;
  TrendState after = trace[last].state;
  smooth[last] = after.level + after.wander;
  for (size_t t = last; t > 0; --t) {
    if (trace[t - 1].covariance.level == 0 && trace[t - 1].state.level == 0) break;  // Before data.
    const TrendTrace& at = trace[t - 1];
    const TrendState now = at.state;
    const bool jumped = std::find(shifts.begin(), shifts.end(), t) != shifts.end();
    // Prediction of t from t - 1, and how the error in it reflects on t - 1. After a jump the
    // level tells nothing about the level before.
    const TrendState predicted = {now.level + now.slope, spec.damping * now.slope,
                                  spec.ar * now.wander};
    const Matrix p = FullMatrix(at.covariance);
    const double f[3][3] = {{1, 1, 0}, {0, spec.damping, 0}, {0, 0, spec.ar}};
    Matrix fp, ahead;
    for (int i = 0; i < 3; ++i) {
      for (int j = 0; j < 3; ++j) {
        fp.m[i][j] = f[i][0] * p.m[0][j] + f[i][1] * p.m[1][j] + f[i][2] * p.m[2][j];
      }
    }
    for (int i = 0; i < 3; ++i) {
      for (int j = 0; j < 3; ++j) {
        ahead.m[i][j] = fp.m[i][0] * f[j][0] + fp.m[i][1] * f[j][1] + fp.m[i][2] * f[j][2];
      }
    }
    ahead.m[0][0] += spec.level_noise;
    ahead.m[1][1] += spec.slope_noise;
    ahead.m[2][2] += spec.wander_noise;
    if (jumped) {
      for (int i = 0; i < 3; ++i) ahead.m[0][i] = ahead.m[i][0] = 0;  // No information.
    }
    double error[3] = {jumped ? 0 : after.level - predicted.level, after.slope - predicted.slope,
                       after.wander - predicted.wander};
    SolveSymmetric(ahead, error);
    const auto correction = [&](int i) {
      return fp.m[0][i] * error[0] + fp.m[1][i] * error[1] + fp.m[2][i] * error[2];
    };
    after = {now.level + correction(0), now.slope + correction(1), now.wander + correction(2)};
    smooth[t - 1] = after.level + after.wander;
  }
  return smooth;
}

}  // namespace firn::query
