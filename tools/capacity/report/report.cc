#include "tools/capacity/report/report.h"

#include <algorithm>
#include <limits>
#include <tuple>

#include "tools/capacity/answer_words.h"
#include "tools/capacity/evaluate.h"

namespace firn::tools {
namespace {

Status ForecastResource(const HistorySource& source, TimestampMs now, ThreadPool* pool,
                        ResourceForecast* out) {
  FIRN_ASSIGN_OR_RETURN(out->inputs, ReadInputs(out->resource.question, source, now));
  out->names = ShortNames(out->inputs).names;
  FIRN_ASSIGN_OR_RETURN(out->forecasts, ForecastAll(out->inputs, {}, {.pool = pool}));
  for (const ReportPlan& plan : out->resource.plans) {
    const auto changes = MakeScenarios(plan.texts, out->inputs);
    if (!changes.ok()) return changes.status().WithContext(plan.name);
    Scenario scenario = Together(*changes, plan.name);
    FIRN_ASSIGN_OR_RETURN(Forecasts forecasts, ForecastAll(out->inputs, scenario, {.pool = pool}));
    out->plans.push_back({std::move(scenario), std::move(forecasts)});
  }
  return OkStatus();
}

// Sorts as rows are to be sorted.
auto RowKey(const Report& report, const ReportRow& row) {
  const query::Forecast& forecast = report.forecast(row);
  const Urgency urgency = UrgencyOf(forecast);
  TimestampMs when = std::numeric_limits<TimestampMs>::max();
  double chance = 0;
  if (forecast.crossing) {
    when = forecast.crossing->median.value_or(when);
    chance = forecast.crossing->probability;
  }
  return std::tuple(urgency, when, -chance, row.resource, row.series);
}

}  // namespace

Result<Report> MakeReport(const ReportConfig& config, const HistorySource& source, TimestampMs now,
                          ThreadPool* pool, const std::function<void(size_t)>& done) {
  Report report{.title = config.title, .now = now, .resources = {}, .rows = {}};
  if (source.newest && *source.newest < now) report.now = *source.newest;
  for (const ReportResource& resource : config.resources) {
    if (done) done(report.resources.size());
    ResourceForecast& result = report.resources.emplace_back();
    result.resource = resource;
    result.status = ForecastResource(source, now, pool, &result);
    // Nobody answers: no other resource will fare better.
    if (result.status.code() == StatusCode::kUnavailable) return result.status;
    if (!result.status.ok()) {
      result.forecasts.clear();
      result.plans.clear();
    }
    for (size_t i = 0; i < result.forecasts.size(); ++i) {
      report.rows.push_back({report.resources.size() - 1, i});
    }
  }
  std::sort(report.rows.begin(), report.rows.end(), [&](const ReportRow& a, const ReportRow& b) {
    return RowKey(report, a) < RowKey(report, b);
  });
  return report;
}

std::vector<ReportRow> RowsWithin(const Report& report, DurationMs within, FailAt at) {
  std::vector<ReportRow> out;
  for (const ReportRow& row : report.rows) {
    const auto& crossing = report.forecast(row).crossing;
    if (!crossing) continue;
    const auto& when = at == FailAt::kMedian ? crossing->median : crossing->lower;
    if (crossing->reached_already || (when && *when <= report.now + within)) out.push_back(row);
  }
  return out;
}

std::string RowName(const Report& report, const ReportRow& row) {
  const ResourceForecast& resource = report.resource(row);
  if (resource.forecasts.size() < 2) return resource.resource.name;
  return resource.resource.name + " " + resource.names[row.series];
}

}  // namespace firn::tools
