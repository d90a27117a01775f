#include "server/api/result_json.h"

#include <fmt/core.h>

#include "base/number.h"
#include "server/codec/json.h"

namespace firn::server {

namespace {

using query::QueryResult;
using query::QueryStats;
using query::ResultSample;
using query::ResultSeries;

void AppendSample(const ResultSample& sample, TimestampMs t, std::string* out) {
  out->append("{\"metric\":");
  AppendJsonLabels(sample.labels, out);
  if (sample.h != nullptr) {
    out->append(",\"histogram\":");
    AppendJsonHistogramPoint(t, *sample.h, out);
  } else {
    out->append(",\"value\":");
    AppendJsonPoint(t, sample.v, out);
  }
  out->push_back('}');
}

// Long series are sent in parts, so that memory does not grow with the answer.
bool WriteOneSeries(const ResultSeries& series, JsonAnswer* answer) {
  std::string* out = answer->data();
  out->append("{\"metric\":");
  AppendJsonLabels(series.labels, out);
  for (size_t i = 0; i < series.t.size(); ++i) {
    out->append(i == 0 ? ",\"values\":[" : ",");
    AppendJsonPoint(series.t[i], series.v[i], out);
    if (i % 1024 == 1023 && !answer->Flush()) return false;
  }
  if (!series.t.empty()) out->push_back(']');
  for (size_t i = 0; i < series.ht.size(); ++i) {
    out->append(i == 0 ? ",\"histograms\":[" : ",");
    AppendJsonHistogramPoint(series.ht[i], *series.h[i], out);
    if (!answer->Flush()) return false;
  }
  if (!series.ht.empty()) out->push_back(']');
  out->push_back('}');
  return answer->Flush();
}

bool WriteMatrix(const std::vector<ResultSeries>& matrix, JsonAnswer* answer) {
  bool first = true;
  for (const ResultSeries& series : matrix) {
    if (series.t.empty() && series.ht.empty()) continue;
    if (!first) answer->data()->push_back(',');
    first = false;
    if (!WriteOneSeries(series, answer)) return false;
  }
  return true;
}

bool WriteVector(const QueryResult& result, JsonAnswer* answer) {
  for (size_t i = 0; i < result.vector.size(); ++i) {
    if (i > 0) answer->data()->push_back(',');
    AppendSample(result.vector[i], result.time, answer->data());
    if (!answer->Flush()) return false;
  }
  return true;
}

void AppendStats(const QueryStats& stats, const StatsOptions& options, std::string* out) {
  const double total = stats.prepare_seconds + stats.eval_seconds;
  *out +=
      fmt::format(R"(,"stats":{{"timings":{{"evalTotalTime":{:.9f},"resultSortTime":0,)"
                  R"("queryPreparationTime":{:.9f},"innerEvalTime":{:.9f},"execQueueTime":{:.9f},)"
                  R"("execTotalTime":{:.9f}}},"samples":{{"totalQueryableSamples":{},)"
                  R"("peakSamples":{})",
                  total, stats.prepare_seconds, stats.eval_seconds, options.queue_seconds,
                  options.queue_seconds + stats.parse_seconds + total,
                  stats.total_queryable_samples, stats.peak_samples);
  if (options.per_step && !stats.samples_per_step.empty()) {
    out->append(",\"totalQueryableSamplesPerStep\":[");
    for (size_t i = 0; i < stats.samples_per_step.size(); ++i) {
      out->append(i == 0 ? "[" : ",[");
      AppendJsonTime(options.start + static_cast<DurationMs>(i) * options.step, out);
      *out += fmt::format(",{}]", stats.samples_per_step[i]);
    }
    out->push_back(']');
  }
  out->append("}}");
}

template <typename Elements>
void Truncate(size_t limit, Elements* elements, JsonAnswer* answer) {
  if (limit == 0 || elements->size() <= limit) return;
  elements->resize(limit);
  answer->AddWarning(kTruncatedWarning);
}

}  // namespace

void WriteQueryResult(QueryResult result, size_t limit, const StatsOptions& stats,
                      JsonAnswer* answer) {
  answer->AddWarnings(std::move(result.warnings));
  answer->AddInfos(std::move(result.infos));
  std::string* out = answer->data();
  switch (result.type) {
    case query::ValueType::kScalar:
      out->append("{\"resultType\":\"scalar\",\"result\":[");
      AppendJsonTime(result.time, out);
      out->append(",\"").append(FormatFloatF(result.scalar)).append("\"]");
      break;
    case query::ValueType::kString:
      out->append("{\"resultType\":\"string\",\"result\":[");
      AppendJsonTime(result.time, out);
      out->push_back(',');
      AppendJsonString(result.text, JsonText::kHtmlSafe, out);
      out->push_back(']');
      break;
    case query::ValueType::kVector:
      Truncate(limit, &result.vector, answer);
      out->append("{\"resultType\":\"vector\",\"result\":[");
      if (!WriteVector(result, answer)) return;
      answer->data()->push_back(']');
      break;
    case query::ValueType::kMatrix:
      Truncate(limit, &result.matrix, answer);
      out->append("{\"resultType\":\"matrix\",\"result\":[");
      if (!WriteMatrix(result.matrix, answer)) return;
      answer->data()->push_back(']');
      break;
  }
  if (stats.wanted) AppendStats(result.stats, stats, answer->data());
  answer->data()->push_back('}');
}

}  // namespace firn::server
