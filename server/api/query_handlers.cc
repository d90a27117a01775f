#include <algorithm>
#include <chrono>

#include <spdlog/spdlog.h>

#include "query/parser/ast_json.h"
#include "query/parser/parser.h"
#include "server/api/handlers.h"
#include "server/api/request_params.h"
#include "server/api/result_json.h"
#include "server/api/status/active_queries.h"
#include "server/api/status/query_log.h"
#include "server/codec/json.h"
#include "server/codec/params.h"

namespace firn::server {

namespace {

constexpr int64_t kStepsMax = 11'000;

double SecondsSince(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

struct CommonParams {
  query::QueryRequest request;
  size_t limit = 0;
  StatsOptions stats;
};

Result<query::ExprPtr> ParseQueryParam(const ApiContext& context, const HttpRequest& request) {
  const std::string* text = request.Param("query");
  auto expr = context.engine->Parse(text == nullptr ? "" : *text);
  if (expr.ok()) return expr;
  return InParameter(expr.status(), "query");
}

// What instant and range queries share. Times are filled in by the caller.
Result<CommonParams> ReadCommon(const ApiContext& context, const HttpRequest& request) {
  CommonParams params;
  FIRN_ASSIGN_OR_RETURN(params.limit, OptionalLimit(request));
  FIRN_ASSIGN_OR_RETURN(params.request.timeout, OptionalDuration(request, "timeout"));
  if (const std::string* text = request.Param("lookback_delta"); text && !text->empty()) {
    auto lookback = ParseDurationParam(*text);
    if (!lookback.ok()) {
      return InvalidArgument("error parsing lookback delta duration: {}",
                             lookback.status().message());
    }
    params.request.lookback = *lookback;
  }
  params.request.resolution_max = context.resolution_max;
  if (const std::string* text = request.Param("max_source_resolution"); text && !text->empty()) {
    auto resolution = ParseResolutionParam(*text);
    if (!resolution.ok()) return InParameter(resolution.status(), "max_source_resolution");
    params.request.resolution_max = *resolution;
  }
  FIRN_ASSIGN_OR_RETURN(params.request.expr, ParseQueryParam(context, request));
  params.request.text = *request.Param("query");
  if (const std::string* stats = request.Param("stats"); stats && !stats->empty()) {
    params.stats.wanted = true;
    params.stats.per_step = *stats == "all";
    params.request.per_step_stats = params.stats.per_step;
  }
  return params;
}

void LogIfSlow(const ApiContext& context, const FinishedQuery& query) {
  const DurationMs limit = context.slow_query_ms == nullptr ? 0 : context.slow_query_ms->load();
  if (limit == 0 || query.seconds * kSecondMs < static_cast<double>(limit)) return;
  context.metrics->AddCounter("firn_slow_queries_total", "Queries beyond slow_query_threshold.")
      ->Add(1);
  spdlog::warn("slow query {}", SlowQueryLine(query));
}

Status RunAndWrite(const ApiContext& context, const HttpRequest& http, CommonParams params,
                   JsonAnswer* answer) {
  params.stats.queue_seconds = SecondsSince(http.received);
  params.stats.start = params.request.start;
  params.stats.step = params.request.step;
  // Waiting for a thread counts, whether the time is the client's or the server's.
  const DurationMs allowed = context.engine->options().timeout;
  DurationMs& timeout =
      params.request.timeout.emplace(std::min(allowed, params.request.timeout.value_or(allowed)));
  timeout -= static_cast<DurationMs>(params.stats.queue_seconds * kSecondMs);
  if (timeout <= 0) return DeadlineExceeded("query timed out in expression evaluation");
  const auto start = std::chrono::steady_clock::now();
  const ActiveQueries::Entry entry =
      context.active_queries->Add({.text = params.request.text,
                                   .remote_address = http.remote_address,
                                   .start = params.request.start,
                                   .end = params.request.end,
                                   .step = params.request.step,
                                   .since = start},
                                  &http.cancelled);
  FIRN_ASSIGN_OR_RETURN(auto querier, context.queryable->NewQuerier());
  auto result = context.engine->Run(params.request, *querier, &http.cancelled);
  const double seconds = SecondsSince(start);
  context.metrics
      ->AddHistogram("firn_query_duration_seconds", "Time to evaluate a query.", DurationBounds())
      ->Observe(seconds);
  LogIfSlow(context, {.request = &params.request,
                      .http = &http,
                      .seconds = seconds,
                      .queue_seconds = params.stats.queue_seconds,
                      .result = &result});
  if (!result.ok()) return result.status();
  context.metrics
      ->AddCounter("firn_query_samples_total", "Samples that queries took from the store.")
      ->Add(result->stats.total_queryable_samples);
  WriteQueryResult(*std::move(result), params.limit, params.stats, answer);
  return OkStatus();
}

}  // namespace

Status AnswerQuery(const ApiContext& context, const HttpRequest& request, JsonAnswer* answer) {
  FIRN_ASSIGN_OR_RETURN(const TimestampMs time,
                        OptionalTime(request, "time", context.clock->NowMs()));
  FIRN_ASSIGN_OR_RETURN(CommonParams params, ReadCommon(context, request));
  params.request.start = params.request.end = time;
  return RunAndWrite(context, request, std::move(params), answer);
}

Status AnswerQueryRange(const ApiContext& context, const HttpRequest& request, JsonAnswer* answer) {
  FIRN_ASSIGN_OR_RETURN(const TimestampMs start, RequiredTime(request, "start"));
  FIRN_ASSIGN_OR_RETURN(const TimestampMs end, RequiredTime(request, "end"));
  if (end < start) {
    return InParameter(InvalidArgument("end timestamp must not be before start time"), "end");
  }
  const std::string* text = request.Param("step");
  auto step = ParseDurationParam(text == nullptr ? "" : *text);
  if (!step.ok()) return InParameter(step.status(), "step");
  if (*step <= 0) {
    return InParameter(InvalidArgument("zero or negative query resolution step widths are not "
                                       "accepted. Try a positive integer"),
                       "step");
  }
  // Bounds the work and the size of the answer; the same bound as any client expects.
  if ((end - start) / *step > kStepsMax) {
    return InvalidArgument(
        "exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query "
        "resolution (?step=XX)");
  }
  FIRN_ASSIGN_OR_RETURN(CommonParams params, ReadCommon(context, request));
  params.request.start = start;
  params.request.end = end;
  params.request.step = *step;
  return RunAndWrite(context, request, std::move(params), answer);
}

Status AnswerFormatQuery(const ApiContext& context, const HttpRequest& request,
                         JsonAnswer* answer) {
  FIRN_ASSIGN_OR_RETURN(const query::ExprPtr expr, ParseQueryParam(context, request));
  AppendJsonString(query::PrettyPrintExpr(*expr), JsonText::kHtmlSafe, answer->data());
  return OkStatus();
}

Status AnswerParseQuery(const ApiContext& context, const HttpRequest& request, JsonAnswer* answer) {
  FIRN_ASSIGN_OR_RETURN(const query::ExprPtr expr, ParseQueryParam(context, request));
  answer->data()->append(query::AstToJson(*expr));
  return OkStatus();
}

}  // namespace firn::server
