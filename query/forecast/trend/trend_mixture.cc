#include "query/forecast/trend/trend_mixture.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/check.h"
#include "query/forecast/trend/trend_shifts.h"
#include "query/forecast/trend/trend_specs.h"

namespace firn::query {

namespace {

// Members below this weight are dropped.
constexpr double kWeightMin = 0.004;
constexpr double kSteepest = -4;  // Rate of growth: e to this power over the history.

double Draw(double variance, FastRandom* random) {
  return variance > 0 ? std::sqrt(variance) * random->Normal() : 0;
}

// Draws from the uncertainty of the state, by Cholesky's method with dead directions skipped.
TrendState DrawState(const TrendFit& fit, double scale, FastRandom* random) {
  const TrendCovariance& p = fit.covariance;
  const double root = std::sqrt(scale);
  const double z0 = random->Normal(), z1 = random->Normal(), z2 = random->Normal();
  const double l00 = std::sqrt(std::max(p.level, 0.0));
  const double l10 = l00 > 0 ? p.level_slope / l00 : 0;
  const double l20 = l00 > 0 ? p.level_wander / l00 : 0;
  const double l11 = std::sqrt(std::max(p.slope - l10 * l10, 0.0));
  const double l21 = l11 > 1e-9 ? (p.slope_wander - l20 * l10) / l11 : 0;
  const double l22 = std::sqrt(std::max(p.wander - l20 * l20 - l21 * l21, 0.0));
  return {fit.state.level + root * l00 * z0, fit.state.slope + root * (l10 * z0 + l11 * z1),
          fit.state.wander + root * (l20 * z0 + l21 * z1 + l22 * z2)};
}

const WeightedTrend& Pick(const TrendMixture& mixture, double share) {
  for (const WeightedTrend& member : mixture.members) {
    if (share < member.weight) return member;
    share -= member.weight;
  }
  return mixture.members.back();
}

// Jumps to come, of the sizes of those seen and at their pace but for one: a single jump is a
// deployment, several are a habit.
double DrawShift(const TrendMixture& mixture, FastRandom* random) {
  const size_t count = mixture.shift_sizes.size();
  const double pace = static_cast<double>(count - 1) / static_cast<double>(mixture.bins);
  if (static_cast<double>(random->Next() >> 11) * 0x1p-53 >= pace) return 0;
  const double size = mixture.shift_sizes[random->Below(count)];
  // Two jumps tell nothing of the direction of the third; many do.
  return count >= 3 || random->Below(2) == 0 ? size : -size;
}

// The grid of dampings is too coarse where curves are clear: if a curved model is best, more of
// them around the best whose curve is fixed.
class DampingSearch {
 public:
  DampingSearch(std::span<const double> y, std::span<const size_t> shifts,
                std::vector<TrendSpec>* specs, std::vector<TrendFit>* fits)
      : y_(y), shifts_(shifts), specs_(*specs), fits_(*fits) {}

  void Run() {
    const size_t grid = specs_.size();
    size_t best = 0;
    for (size_t i = 0; i < grid; ++i) {
      if (Value(i) > Value(best)) best = i;
    }
    if (specs_[best].damping == 1) return;
    best_ = grid;
    for (size_t i = 0; i < grid; ++i) {
      if (specs_[i].damping == 1 || specs_[i].slope_noise > 0) continue;
      if (best_ == grid || Value(i) > Value(best_)) best_ = i;
    }
    double step = std::abs(Rate()) * 0.35;
    for (int round = 0; round < 6; ++round, step /= 2) {
      const double middle = Rate();
      Try(middle - step, specs_[best_]);
      Try(middle + step, specs_[best_]);
      if (round != 2) continue;
      // Off the curve, what is left looked like swings; it may be less now.
      const double rate = Rate();
      for (const TrendSpec& noise : TrendSpecs(y_.size())) {
        if (noise.damping == 1 && !noise.has_slope && noise.level_noise == 0 &&
            (noise.ar != specs_[best_].ar || noise.noise != specs_[best_].noise)) {
          Try(rate, noise);
        }
      }
    }
  }

 private:
  double Value(size_t i) const { return fits_[i].log_likelihood + specs_[i].log_prior; }
  // Of decay over the history; negative: growth.
  double Rate() const { return -std::log(specs_[best_].damping) * static_cast<double>(y_.size()); }
  void Try(double rate, const TrendSpec& noise) {
    TrendSpec spec = specs_[best_];
    spec.ar = noise.ar;
    spec.noise = noise.noise;
    spec.wander_noise = noise.wander_noise;
    // Growth any steeper would be told by the last few bins alone.
    spec.damping = std::exp(-std::max(rate, kSteepest) / static_cast<double>(y_.size()));
    specs_.push_back(spec);
    fits_.push_back(FilterTrend(spec, y_, shifts_, nullptr));
    if (Value(specs_.size() - 1) > Value(best_)) best_ = specs_.size() - 1;
  }

  const std::span<const double> y_;
  const std::span<const size_t> shifts_;
  std::vector<TrendSpec>& specs_;
  std::vector<TrendFit>& fits_;
  size_t best_ = 0;
};

// Adds incidents like those seen, at their pace, to the noise of bins 1, 2, ...
void AddIncidents(const TrendMixture& mixture, FastRandom* random, std::span<double> noise) {
  const size_t count = mixture.incidents.size();
  if (count == 0) return;
  for (size_t h = 1; h < noise.size(); ++h) {
    const size_t drawn = random->Below(mixture.bins);
    if (drawn >= count) continue;
    for (const double off : mixture.incidents[drawn]) {
      if (h < noise.size()) noise[h++] += off;
    }
    --h;
  }
}

}  // namespace

TrendMixture FitTrend(std::span<const double> y) {
  TrendMixture mixture;
  mixture.bins = y.size();
  std::vector<double> kept(y.begin(), y.end());
  std::vector<TrendFit> fits;
  std::vector<size_t> outliers;
  FindShifts(&kept, &mixture.shifts, &outliers, &fits);

  std::vector<TrendSpec> specs = TrendSpecs(y.size());
  DampingSearch(kept, mixture.shifts, &specs, &fits).Run();
  double best = -std::numeric_limits<double>::infinity();
  for (size_t i = 0; i < specs.size(); ++i) {
    best = std::max(best, fits[i].log_likelihood + specs[i].log_prior);
  }
  double total = 0;
  for (size_t i = 0; i < specs.size(); ++i) {
    const double weight = std::exp(fits[i].log_likelihood + specs[i].log_prior - best);
    if (weight < kWeightMin) continue;
    mixture.members.push_back({specs[i], fits[i], weight});
    total += weight;
  }
  for (WeightedTrend& member : mixture.members) member.weight /= total;
  std::stable_sort(
      mixture.members.begin(), mixture.members.end(),
      [](const WeightedTrend& a, const WeightedTrend& b) { return a.weight > b.weight; });

  mixture.smooth = SmoothTrend(mixture.members[0].spec, kept, mixture.shifts);
  const double slope = MeanState(mixture).slope;
  for (const size_t shift : mixture.shifts) {
    mixture.shift_sizes.push_back(mixture.smooth[shift] - mixture.smooth[shift - 1] - slope);
  }
  std::sort(outliers.begin(), outliers.end());
  for (size_t i = 0; i < outliers.size(); ++i) {
    if (i == 0 || outliers[i] != outliers[i - 1] + 1) mixture.incidents.emplace_back();
    mixture.incidents.back().push_back(y[outliers[i]] - mixture.smooth[outliers[i]]);
  }
  return mixture;
}

TrendState MeanState(const TrendMixture& mixture) {
  TrendState mean;
  for (const WeightedTrend& member : mixture.members) {
    mean.level += member.weight * member.fit.state.level;
    mean.slope += member.weight * member.fit.state.slope;
    mean.wander += member.weight * member.fit.state.wander;
  }
  return mean;
}

double SimulateTrend(const TrendMixture& mixture, double share, FastRandom* random,
                     std::span<double> level, std::span<double> noise) {
  FIRN_CHECK(level.size() == noise.size() && !level.empty());
  const WeightedTrend& member = Pick(mixture, share);
  const TrendSpec& spec = member.spec;
  const double scale =
      member.fit.scale * member.fit.freedom / random->ChiSquared(member.fit.freedom);
  TrendState state = DrawState(member.fit, scale, random);
  const double slope = state.slope;
  level[0] = state.level + state.wander;
  noise[0] = 0;
  for (size_t h = 1; h < level.size(); ++h) {
    state.level += state.slope + Draw(scale * spec.level_noise, random);
    state.slope = spec.damping * state.slope + Draw(scale * spec.slope_noise, random);
    state.wander = spec.ar * state.wander + Draw(scale * spec.wander_noise, random);
    if (mixture.shift_sizes.size() > 1) state.level += DrawShift(mixture, random);
    level[h] = state.level + state.wander;
    noise[h] = Draw(scale * spec.noise, random);
  }
  AddIncidents(mixture, random, noise);
  return slope;
}

}  // namespace firn::query
