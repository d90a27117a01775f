#include <chrono>
#include <cmath>
#include <limits>

#include <absl/container/flat_hash_map.h>
#include <fmt/core.h>

#include "query/forecast/forecast.h"
#include "server/api/forecast/forecast_json.h"
#include "server/api/forecast/forecast_params.h"
#include "server/api/handlers.h"
#include "server/api/status/active_queries.h"

namespace firn::server {

namespace {

using SteadyTime = std::chrono::steady_clock::time_point;

// Bounds the work and the size of an answer: a series takes some 5 ms of CPU and, with its points,
// some 300 kB of text.
constexpr size_t kSeriesMax = 2'000;

// One expression on the grid of the history.
struct History {
  std::vector<Labels> labels;
  std::vector<std::vector<double>> values;  // NaN: no sample.
  size_t histograms = 0;                    // Series left out, since they hold histograms only.
};

class Deadline {
 public:
  Deadline(const ApiContext& context, const ForecastParams& params, SteadyTime received) {
    DurationMs timeout = context.engine->options().timeout;
    if (params.timeout) timeout = std::min(timeout, *params.timeout);
    // Waiting for a thread counts against the time that the client allows.
    end_ = received + std::chrono::milliseconds(timeout);
  }
  DurationMs left_ms() const {
    return std::chrono::duration_cast<std::chrono::milliseconds>(end_ -
                                                                 std::chrono::steady_clock::now())
        .count();
  }

 private:
  SteadyTime end_;
};

Status TimedOut() { return DeadlineExceeded("query timed out in forecasting"); }

History OnGrid(query::QueryResult result, const ForecastParams& params) {
  History history;
  const size_t steps = static_cast<size_t>((params.end - params.start) / params.step) + 1;
  for (query::ResultSeries& series : result.matrix) {
    if (series.t.empty()) {
      history.histograms += !series.ht.empty();
      continue;
    }
    std::vector<double> values(steps, std::numeric_limits<double>::quiet_NaN());
    for (size_t i = 0; i < series.t.size(); ++i) {
      values[static_cast<size_t>((series.t[i] - params.start) / params.step)] = series.v[i];
    }
    history.labels.push_back(std::move(series.labels));
    history.values.push_back(std::move(values));
  }
  return history;
}

// Evaluates expressions over one snapshot within one deadline.
class Evaluator {
 public:
  Evaluator(const ApiContext& context, const ForecastParams& params, const HttpRequest& http,
            const Deadline& deadline, const engine::Querier& querier)
      : context_(context), params_(params), http_(http), deadline_(deadline), querier_(querier) {}

  Result<History> Run(const query::ExprPtr& expr, const std::string& text) {
    query::QueryRequest request;
    request.text = text;
    request.expr = expr;
    request.start = params_.start;
    request.end = params_.end;
    request.step = params_.step;
    request.lookback = params_.lookback;
    request.resolution_max = params_.resolution_max;
    request.timeout = deadline_.left_ms();
    if (*request.timeout <= 0) return TimedOut();
    auto result = context_.engine->Run(request, querier_, &http_.cancelled);
    if (!result.ok()) return result.status();
    context_.metrics
        ->AddCounter("firn_query_samples_total", "Samples that queries took from the store.")
        ->Add(result->stats.total_queryable_samples);
    for (auto& warning : result->warnings) warnings_.push_back(std::move(warning));
    for (auto& info : result->infos) infos_.push_back(std::move(info));
    return OnGrid(*std::move(result), params_);
  }

  void TellNotes(JsonAnswer* answer) {
    answer->AddWarnings(std::move(warnings_));
    answer->AddInfos(std::move(infos_));
  }
  void Warn(std::string text) { warnings_.push_back(std::move(text)); }

 private:
  const ApiContext& context_;
  const ForecastParams& params_;
  const HttpRequest& http_;
  const Deadline& deadline_;
  const engine::Querier& querier_;
  std::vector<std::string> warnings_, infos_;
};

Labels WithoutName(const Labels& labels) {
  return LabelsBuilder(labels).Set(kMetricName, "").Build();
}

// Gives each series its limit: the only one there is, or that of equal labels but for the metric.
Status GiveLimits(const History& series, const History& limits, const ForecastParams& params,
                  Evaluator* evaluator, std::vector<query::ForecastOptions>* options) {
  if (limits.labels.empty()) {
    evaluator->Warn("the limit has no series: nothing is held against it");
    return OkStatus();
  }
  absl::flat_hash_map<std::string, size_t> by_labels;
  for (size_t i = 0; i < limits.labels.size(); ++i) {
    const auto [at, fresh] = by_labels.emplace(WithoutName(limits.labels[i]).ToString(), i);
    if (!fresh) {
      return InParameter(InvalidArgument("several series have the labels {}", at->first), "limit");
    }
  }
  const bool is_only = limits.labels.size() == 1 && WithoutName(limits.labels[0]) == Labels();
  size_t without = 0;
  for (size_t i = 0; i < series.labels.size(); ++i) {
    const auto found =
        is_only ? by_labels.begin() : by_labels.find(WithoutName(series.labels[i]).ToString());
    if (found == by_labels.end()) {
      ++without;
      continue;
    }
    const std::vector<double>& values = limits.values[found->second];
    if (std::none_of(values.begin(), values.end(), [](double v) { return std::isfinite(v); })) {
      ++without;
      continue;
    }
    (*options)[i].limit = query::ForecastLimit{.values = values, .direction = params.direction};
  }
  if (without > 0) evaluator->Warn(fmt::format("{} series have no limit of equal labels", without));
  return OkStatus();
}

// Forecasts series by series and writes each as soon as its batch is done, so that memory does not
// grow with the answer.
class AnswerWriter {
 public:
  AnswerWriter(const ApiContext& context, const ForecastParams& params, const HttpRequest& http,
               const Deadline& deadline, JsonAnswer* answer)
      : context_(context), params_(params), http_(http), deadline_(deadline), answer_(answer) {}

  Status Run(const History& series, std::span<const query::ForecastOptions> options) {
    bool begun = false;
    for (size_t from = 0; from < series.labels.size(); from += kBatch) {
      const size_t count = std::min(kBatch, series.labels.size() - from);
      FIRN_ASSIGN_OR_RETURN(const std::vector<query::Forecast> forecasts,
                            Batch(series, options.subspan(from, count), from));
      if (!begun) Begin();
      begun = true;
      for (size_t i = 0; i < count; ++i) {
        const Labels& labels = series.labels[from + i];
        if (params_.with_series && !WriteForecastSeries(labels, forecasts[i], &first_, answer_)) {
          return OkStatus();  // The client has gone.
        }
        if (!figures_.empty()) figures_.push_back(',');
        AppendForecastFigures(labels, forecasts[i], options[from + i], params_.end, &figures_);
      }
    }
    if (!begun) Begin();
    answer_->data()->append("],\"forecasts\":[").append(figures_).append("]}");
    return OkStatus();
  }

 private:
  static constexpr size_t kBatch = 64;

  void Begin() { answer_->data()->append("{\"resultType\":\"matrix\",\"result\":["); }

  Result<std::vector<query::Forecast>> Batch(const History& series,
                                             std::span<const query::ForecastOptions> options,
                                             size_t from) {
    std::vector<query::ForecastInput> inputs;
    for (size_t i = from; i < from + options.size(); ++i) {
      inputs.push_back({.start = params_.start, .step = params_.step, .values = series.values[i]});
    }
    const auto stop = [&] { return http_.cancelled.load() || deadline_.left_ms() <= 0; };
    auto results = query::MakeForecasts(inputs, options, context_.engine->pool(), stop);
    std::vector<query::Forecast> forecasts;
    for (auto& result : results) {
      if (!result.ok()) {
        if (result.status().code() != StatusCode::kCancelled) return result.status();
        return http_.cancelled.load() ? Cancelled("query was canceled in forecasting") : TimedOut();
      }
      forecasts.push_back(*std::move(result));
    }
    return forecasts;
  }

  const ApiContext& context_;
  const ForecastParams& params_;
  const HttpRequest& http_;
  const Deadline& deadline_;
  JsonAnswer* answer_;
  bool first_ = true;
  std::string figures_;
};

}  // namespace

Status AnswerForecast(const ApiContext& context, const HttpRequest& request, JsonAnswer* answer) {
  FIRN_ASSIGN_OR_RETURN(const ForecastParams params, ReadForecastParams(context, request));
  const Deadline deadline(context, params, request.received);
  const ActiveQueries::Entry entry =
      context.active_queries->Add({.text = params.text,
                                   .remote_address = request.remote_address,
                                   .start = params.start,
                                   .end = params.end,
                                   .step = params.step,
                                   .since = std::chrono::steady_clock::now()},
                                  &request.cancelled);
  FIRN_ASSIGN_OR_RETURN(auto querier, context.queryable->NewQuerier());
  Evaluator evaluator(context, params, request, deadline, *querier);
  FIRN_ASSIGN_OR_RETURN(const History series, evaluator.Run(params.expr, params.text));
  if (series.labels.size() > kSeriesMax) {
    return ResourceExhausted("the expression yields {} series; at most {} are forecast at once",
                             series.labels.size(), kSeriesMax);
  }
  if (series.histograms > 0) {
    evaluator.Warn(fmt::format("{} series of histograms are left out", series.histograms));
  }
  std::vector<query::ForecastOptions> options(series.labels.size(), params.options);
  History limits;
  if (params.limit) {
    FIRN_ASSIGN_OR_RETURN(limits, evaluator.Run(params.limit, params.limit_text));
    FIRN_RETURN_IF_ERROR(GiveLimits(series, limits, params, &evaluator, &options));
  }
  evaluator.TellNotes(answer);
  return AnswerWriter(context, params, request, deadline, answer).Run(series, options);
}

}  // namespace firn::server
