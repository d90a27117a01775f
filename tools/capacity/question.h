// What a capacity planner asks, and what comes back.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/labels.h"
#include "base/time.h"
#include "query/forecast/forecast_options.h"
#include "query/forecast/forecast_result.h"
#include "tools/capacity/quantity.h"

namespace firn::tools {

enum class Direction : uint8_t {
  kAuto,  // Falling if all of the past lies above the limit, else rising.
  kRising,
  kFalling,
};

struct CapacityQuestion {
  std::string expression;            // PromQL.
  std::string limit = {};            // An amount or PromQL; "": no limit, only growth.
  std::vector<std::string> by = {};  // Aggregated to these labels; empty: as it is.
  std::string aggregate = "sum";     // How: an operator of PromQL.
  Direction direction = Direction::kAuto;
  Unit unit = Unit::kNone;
  DurationMs horizon = 90 * kDayMs;
  DurationMs history = 180 * kDayMs;
  DurationMs step = 0;  // Of the history; 0: see HistoryStep().
  double confidence = 0.9;
  size_t series_max = 1000;
};

// The past of one series, ready to be forecast.
struct CapacityInput {
  Labels labels;
  std::vector<double> values;
  std::optional<double> limit = {};  // A constant one.
  std::vector<double> limits = {};   // One that varies, as long as `values`.
  query::LimitDirection direction = query::LimitDirection::kRising;
  double current = 0;                    // The last known value,
  std::optional<double> limit_now = {};  // ... and limit.
};

struct CapacityInputs {
  CapacityQuestion question;
  TimestampMs now = 0;  // What "in 3 weeks" counts from.
  TimestampMs start = 0;
  DurationMs step = 0;
  std::vector<CapacityInput> series = {};
  std::vector<std::string> notes = {};
};

// A change of plan; none of it is what is expected anyway.
struct Scenario {
  std::string name;
  std::vector<query::PlannedChange> load_changes = {};
  std::vector<query::PlannedChange> limit_changes = {};
};

// One forecast for each of CapacityInputs::series.
using Forecasts = std::vector<query::Forecast>;

}  // namespace firn::tools
