// Many resources forecast in one run and put in the order in which they want attention.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/thread_pool.h"
#include "tools/capacity/answer_text.h"
#include "tools/capacity/history/history_source.h"
#include "tools/capacity/report/report_config.h"

namespace firn::tools {

// One resource. With an error there are no forecasts.
struct ResourceForecast {
  ReportResource resource;
  Status status;
  CapacityInputs inputs = {.question = {.expression = {}}};
  std::vector<std::string> names = {};  // Of the series, by what tells them apart.
  Forecasts forecasts = {};
  std::vector<ScenarioForecasts> plans = {};
};

// One series of one resource.
struct ReportRow {
  size_t resource = 0;
  size_t series = 0;
};

struct Report {
  std::string title;
  TimestampMs now = 0;
  std::vector<ResourceForecast> resources;
  // The most urgent first: reached, then by the median date, then by the chance to get there.
  std::vector<ReportRow> rows;

  const ResourceForecast& resource(const ReportRow& row) const { return resources[row.resource]; }
  const query::Forecast& forecast(const ReportRow& row) const {
    return resources[row.resource].forecasts[row.series];
  }
  const CapacityInput& input(const ReportRow& row) const {
    return resources[row.resource].inputs.series[row.series];
  }
};

// Never fails as a whole but for a source that is Unavailable: what is wrong with a resource is in
// its status. `done` is called before each resource with its number. `pool` may be null.
Result<Report> MakeReport(const ReportConfig& config, const HistorySource& source, TimestampMs now,
                          ThreadPool* pool, const std::function<void(size_t)>& done);

enum class FailAt : uint8_t {
  kMedian,  // As many futures reach the limit before as after.
  kLower,   // The cautious end of the interval.
};
// The rows whose limit is reached, or will be within so long.
std::vector<ReportRow> RowsWithin(const Report& report, DurationMs within, FailAt at);

// "Database disk" or, where a resource has several series, "Database disk {instance="db1"}".
std::string RowName(const Report& report, const ReportRow& row);

}  // namespace firn::tools
