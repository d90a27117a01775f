// What a forecast is made of: a series on an even grid, and what the asker wants to know.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <vector>

#include "base/time.h"

namespace firn::query {

// One series: values[i] was observed at start + i * step. NaN is a gap; infinities count as gaps.
// Gaps before the first value are left out.
// Gauges and rates are expected; see UnwrapCounter for totals that begin anew.
struct ForecastInput {
  TimestampMs start = 0;
  DurationMs step = 0;
  std::span<const double> values = {};
};

enum class LimitDirection : uint8_t {
  kRising,   // The limit is reached from below: a disk fills.
  kFalling,  // ... from above: free space runs out.
};

// The value that must not be reached. A limit that varies (a disk that was grown) has one value
// per value of the input; its last known one holds from then on. Where `values` is empty, `value`
// holds at all times.
struct ForecastLimit {
  double value = std::numeric_limits<double>::quiet_NaN();
  std::span<const double> values = {};
  LimitDirection direction = LimitDirection::kRising;
};

// What-if: from `from` on (inclusive), x becomes x * factor + add. Several apply in the order
// given. Times before the end of the input count from the first forecast step.
struct PlannedChange {
  TimestampMs from = 0;
  double factor = 1;
  double add = 0;
};

struct ForecastOptions {
  DurationMs horizon = 90 * kDayMs;
  double confidence = 0.9;  // Share of futures between `lower` and `upper`.
  std::optional<ForecastLimit> limit = {};
  std::vector<PlannedChange> load_changes = {};   // To the series itself.
  std::vector<PlannedChange> limit_changes = {};  // To the limit: capacity added or removed.
  // What the series cannot pass, in its own unit. Without `lower_bound` a series that was never
  // negative stays so.
  std::optional<double> lower_bound = {};
  std::optional<double> upper_bound = {};

  bool backtest = true;  // Costs about as much as the forecast itself, once per window.
  size_t runs = 256;     // Simulated futures; >= 16.
  // Longer histories and horizons are averaged to a coarser grid first: the smallest multiple of
  // the input's step with no more points than this (and that divides a day, where one does).
  // The limit is still held against the extremes within each coarse step.
  size_t points_max = 4'500;
  uint64_t seed = 1;  // Equal inputs and options give equal forecasts, bit by bit.
};

}  // namespace firn::query
