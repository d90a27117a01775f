// The grid that a forecast is computed on: the input's own, or a coarser one.
#pragma once

#include <vector>

#include "query/forecast/forecast_options.h"

namespace firn::query {

// Bin i covers [start + i * step, start + (i + 1) * step). The last bin ends where the input ends,
// so the first one may cover less than the others.
struct ModelGrid {
  TimestampMs start = 0;
  DurationMs step = 0;
  size_t factor = 1;          // step / step of the input.
  std::vector<double> value;  // Mean of the bin's values; NaN where there are none.
  // How far the bin's largest value (kFalling: smallest) lies beyond its mean. Empty if factor
  // == 1.
  std::vector<double> excess;
  size_t points = 0;  // Finite values of the input.

  size_t size() const { return value.size(); }
  TimestampMs end() const { return start + static_cast<DurationMs>(value.size()) * step; }
};

// How many input steps make one bin.
size_t GridFactor(const ForecastInput& input, const ForecastOptions& options);

ModelGrid MakeModelGrid(const ForecastInput& input, size_t factor, LimitDirection direction);

// The limit at each forecast step of the grid, changes included. REQUIRES: options.limit.
std::vector<double> FutureLimit(const ForecastOptions& options, TimestampMs forecast_start,
                                DurationMs step, size_t steps);

// x after the changes that hold at `t`.
double ApplyChanges(double x, TimestampMs t, std::span<const PlannedChange> changes);

}  // namespace firn::query
