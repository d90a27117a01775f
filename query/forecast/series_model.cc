#include "query/forecast/series_model.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "query/forecast/robust.h"

namespace firn::query {

namespace {

constexpr size_t kBinsMax = 120;
constexpr size_t kShortBins = 48;  // For histories of few days.
constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
// Leftovers of more than half a year ago are not used.
constexpr DurationMs kPoolMax = 26 * 7 * kDayMs;
// ... nor of more than eight weeks if the season has changed.
constexpr DurationMs kRecent = 56 * kDayMs;

size_t BinSteps(const ModelGrid& grid) {
  const size_t n = grid.size();
  const DurationMs span = static_cast<DurationMs>(n) * grid.step;
  if (span < 24 * kDayMs || kDayMs % grid.step != 0) {
    return n <= kShortBins ? 1 : (n + kShortBins - 1) / kShortBins;
  }
  // Whole days, so that what is left of a daily pattern does not beat with the bins.
  const size_t day = static_cast<size_t>(kDayMs / grid.step);
  const size_t days = n / day;
  return day * ((days + kBinsMax - 1) / kBinsMax);
}

// Values without season; the gain of a multiplicative one follows the level of each bin.
LevelBins MakeBins(const ModelGrid& grid, const SeasonModel& season) {
  LevelBins bins;
  bins.steps = BinSteps(grid);
  const size_t count = grid.size() / bins.steps;
  bins.first = grid.size() - count * bins.steps;
  bins.value.assign(count, kNone);
  std::vector<double> of_bin, pattern;
  for (size_t b = 0; b < count; ++b) {
    double gain = 1;
    for (int pass = season.multiplicative() ? 0 : 1; pass < 2; ++pass) {
      of_bin.clear();
      for (size_t i = bins.first + b * bins.steps; i < bins.first + (b + 1) * bins.steps; ++i) {
        if (!std::isfinite(grid.value[i])) continue;
        const TimestampMs t = grid.start + static_cast<DurationMs>(i) * grid.step;
        of_bin.push_back(grid.value[i] - gain * season.At(t));
      }
      if (of_bin.size() * 4 < bins.steps || of_bin.empty()) break;
      bins.value[b] = MidmeanInPlace(of_bin);
      gain = season.Gain(bins.value[b]);
    }
  }
  return bins;
}

// Straight lines between bin middles, over gaps too, and on to both ends; a step where the level
// jumps. REQUIRES: a finite value.
std::vector<double> Interpolate(const LevelBins& bins, const std::vector<double>& value,
                                const std::vector<size_t>& shifts, size_t n) {
  std::vector<size_t> known;
  for (size_t b = 0; b < value.size(); ++b) {
    if (std::isfinite(value[b])) known.push_back(b);
  }
  std::vector<double> out(n, value[known[0]]);
  size_t i = 0;
  for (size_t k = 0; k + 1 < known.size(); ++k) {
    const size_t before = known[k], b = known[k + 1];
    const double x0 = bins.Middle(before), x1 = bins.Middle(b);
    const auto shift = std::upper_bound(shifts.begin(), shifts.end(), before);
    const bool jumps = shift != shifts.end() && *shift <= b;
    const double edge = static_cast<double>(bins.first + b * bins.steps);
    const double slope = jumps ? 0 : (value[b] - value[before]) / (x1 - x0);
    const size_t after = k + 2 == known.size() ? n : static_cast<size_t>(x1) + 1;
    for (; i < after; ++i) {
      const double x = static_cast<double>(i);
      out[i] = jumps && x >= edge ? value[b] : value[before] + slope * (x - x0);
    }
  }
  return out;
}

// Leftovers of the newest steps around the observed (not the smoothed) level: what the bins
// already show must not be in both.
void FillPool(const ModelGrid& grid, SeriesModel* model) {
  const size_t n = grid.size();
  const size_t used = std::min<size_t>(
      n, static_cast<size_t>((model->season.rescaled() ? kRecent : kPoolMax) / grid.step));
  const std::vector<double> level =
      Interpolate(model->bins, model->bins.value, model->trend.shifts, n);
  const DurationMs span = static_cast<DurationMs>(used) * grid.step;
  const bool by_day = kDayMs % grid.step == 0 && span >= 8 * kDayMs;
  const size_t day = static_cast<size_t>(kDayMs / grid.step);
  model->blocks_have_phase = by_day;
  if (by_day) {
    model->block = day;
  } else {
    model->block = std::max<size_t>(1, used / 12);
  }
  const size_t block = model->block;
  const size_t size = std::max(used / block, size_t{1}) * block;
  model->pool.assign(size, kNone);
  if (!grid.excess.empty()) model->pool_excess.assign(size, 0);
  std::vector<double> finite;
  for (size_t k = 0; k < size; ++k) {
    const size_t i = n - size + k;
    if (!std::isfinite(grid.value[i]) || !std::isfinite(level[i])) continue;
    // Next to a jump the level is not known.
    const size_t bin = i < model->bins.first ? 0 : (i - model->bins.first) / model->bins.steps;
    const auto& shifts = model->trend.shifts;
    const bool jumps = std::any_of(shifts.begin(), shifts.end(),
                                   [&](size_t shift) { return bin + 1 == shift || bin == shift; });
    if (jumps) continue;
    const TimestampMs t = grid.start + static_cast<DurationMs>(i) * grid.step;
    const double gain = model->season.Gain(level[i]);
    model->pool[k] = (grid.value[i] - level[i]) / gain - model->season.At(t);
    if (!grid.excess.empty()) model->pool_excess[k] = grid.excess[i] / gain;
    finite.push_back(model->pool[k]);
  }
  // Each phase of the season was fitted to a few of these values.
  const double phases = static_cast<double>(model->season.phases());
  const double inflate =
      std::sqrt(1 / std::clamp(1 - phases / static_cast<double>(finite.size() + 1), 0.7, 1.0));
  const double middle = finite.empty() ? 0 : MedianInPlace(finite);
  for (size_t k = 0; k < size; ++k) {
    for (size_t tried = 1; !std::isfinite(model->pool[k]) && tried * block < size; ++tried) {
      const size_t from = (k + tried * block) % size;
      model->pool[k] = model->pool[from];
      if (!grid.excess.empty()) model->pool_excess[k] = model->pool_excess[from];
    }
    if (!std::isfinite(model->pool[k])) model->pool[k] = middle;
  }
  for (double& v : model->pool) v = middle + inflate * (v - middle);
}

}  // namespace

std::optional<SeriesModel> FitSeries(const ModelGrid& grid) {
  SeriesModel model;
  model.season = SeasonModel::Find(grid);
  model.bins = MakeBins(grid, model.season);
  const auto known = std::count_if(model.bins.value.begin(), model.bins.value.end(),
                                   [](double v) { return std::isfinite(v); });
  if (static_cast<size_t>(known) < kBinsMin) return std::nullopt;
  model.trend = FitTrend(model.bins.value);
  model.level = Interpolate(model.bins, model.trend.smooth, model.trend.shifts, grid.size());
  FillPool(grid, &model);
  return model;
}

}  // namespace firn::query
