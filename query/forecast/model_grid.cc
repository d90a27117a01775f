#include "query/forecast/model_grid.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"

namespace firn::query {

size_t GridFactor(const ForecastInput& input, const ForecastOptions& options) {
  const size_t horizon = static_cast<size_t>((options.horizon + input.step - 1) / input.step);
  const size_t longest = std::max(input.values.size(), horizon);
  size_t factor = std::max<size_t>(1, (longest + options.points_max - 1) / options.points_max);
  if (factor == 1 || kDayMs % input.step != 0) return factor;
  // Bins that divide a day keep the hours of the day apart.
  const size_t steps_per_day = static_cast<size_t>(kDayMs / input.step);
  if (factor >= steps_per_day) return (factor + steps_per_day - 1) / steps_per_day * steps_per_day;
  while (steps_per_day % factor != 0) ++factor;
  return factor;
}

ModelGrid MakeModelGrid(const ForecastInput& input, size_t factor, LimitDirection direction) {
  FIRN_CHECK(factor >= 1);
  const size_t n = input.values.size();
  const size_t bins = (n + factor - 1) / factor;
  ModelGrid grid;
  grid.step = input.step * static_cast<DurationMs>(factor);
  grid.factor = factor;
  grid.start = input.start + input.step * static_cast<DurationMs>(n) -
               grid.step * static_cast<DurationMs>(bins);
  grid.value.resize(bins);
  if (factor > 1) grid.excess.resize(bins);
  const double sign = direction == LimitDirection::kRising ? 1 : -1;
  for (size_t bin = 0; bin < bins; ++bin) {
    // Counted from the end: the input's last value is the last of the last bin.
    const size_t after = n - (bins - 1 - bin) * factor;
    const size_t first = after >= factor ? after - factor : 0;
    double sum = 0;
    double extreme = -std::numeric_limits<double>::infinity();
    size_t count = 0;
    for (size_t i = first; i < after; ++i) {
      const double v = input.values[i];
      if (!std::isfinite(v)) continue;
      sum += v;
      extreme = std::max(extreme, sign * v);
      ++count;
    }
    const double mean = sum / static_cast<double>(count);  // NaN without values.
    grid.value[bin] = mean;
    if (factor > 1) grid.excess[bin] = count == 0 ? 0 : sign * extreme - mean;
    grid.points += count;
  }
  return grid;
}

double ApplyChanges(double x, TimestampMs t, std::span<const PlannedChange> changes) {
  for (const PlannedChange& change : changes) {
    if (t >= change.from) x = x * change.factor + change.add;
  }
  return x;
}

std::vector<double> FutureLimit(const ForecastOptions& options, TimestampMs forecast_start,
                                DurationMs step, size_t steps) {
  const ForecastLimit& limit = *options.limit;
  double base = limit.value;
  for (size_t i = limit.values.size(); i > 0; --i) {
    if (std::isfinite(limit.values[i - 1])) {
      base = limit.values[i - 1];
      break;
    }
  }
  std::vector<double> future(steps);
  for (size_t i = 0; i < steps; ++i) {
    future[i] = ApplyChanges(base, forecast_start + static_cast<DurationMs>(i) * step,
                             options.limit_changes);
  }
  return future;
}

}  // namespace firn::query
