// What clients may find out about this server's abilities and figures.
#include <map>

#include "base/matcher.h"
#include "base/number.h"
#include "query/parser/function_table.h"
#include "server/api/handlers.h"
#include "server/api/json_object.h"

namespace firn::server {

namespace {

using Features = std::map<std::string, bool, std::less<>>;

Features ApiFeatures() {
  return {{"admin", true},
          {"exclude_alerts", true},
          {"label_values_match", true},
          {"lifecycle", true},
          {"otlp_write_receiver", true},
          {"query_stats", true},
          {"query_warnings", true},
          {"remote_write_receiver", true},
          {"time_range_labels", true},
          {"time_range_series", true}};
}

Features PromqlFeatures(const query::EngineOptions& options) {
  const bool extended = options.parser.extended_range_selectors;
  return {{"anchored", extended},
          {"at_modifier", true},
          {"bool", true},
          {"by", true},
          {"delayed_name_removal", options.delayed_name_removal},
          {"fill", options.parser.binop_fill_modifiers},
          {"group_left", true},
          {"group_right", true},
          {"ignoring", true},
          {"negative_offset", true},
          {"offset", true},
          {"on", true},
          {"per_query_lookback_delta", true},
          {"per_step_stats", true},
          {"smoothed", extended},
          {"subqueries", true},
          {"type_and_unit_labels", options.type_and_unit_labels},
          {"without", true}};
}

Features OperatorFeatures() {
  Features out;
  for (const char* name :
       {"!=",     "!~",    "%",    "*",       "+",        "-",      "/",           "<",
        "<=",     "==",    "=~",   ">",       ">=",       "@",      "^",           "and",
        "atan2",  "avg",   "or",   "sum",     "min",      "max",    "count",       "stddev",
        "stdvar", "group", "topk", "bottomk", "quantile", "unless", "count_values"}) {
    out.emplace(name, true);
  }
  return out;
}

void AppendFeatures(std::string_view category, const Features& features, ObjectWriter* out) {
  std::string json;
  ObjectWriter object(&json);
  for (const auto& [name, available] : features) object.Bool(name, available);
  object.End();
  out->Raw(category, json);
}

std::string_view TypeName(MetricType type) {
  switch (type) {
    case MetricType::kCounter:
      return "COUNTER";
    case MetricType::kGauge:
      return "GAUGE";
    case MetricType::kHistogram:
      break;
  }
  return "HISTOGRAM";
}

// A number, or a text for what JSON has no number for.
std::string JsonNumber(double v) {
  std::string text;
  AppendSampleValue(v, &text);
  return text.find_first_of("NI") == std::string::npos ? text : fmt::format("\"{}\"", text);
}

std::string LabelsJson(const MetricLabels& labels) {
  std::string json = "[";
  for (const auto& [name, value] : labels) {
    if (json.size() > 1) json.push_back(',');
    ObjectWriter object(&json);
    object.Text("name", name);
    object.Text("value", value);
    object.End();
  }
  return json + "]";
}

// One metric of a histogram is several points: its buckets, its sum and, last, its count.
// Leaves `i` at the count.
std::string HistogramJson(const std::vector<MetricPoint>& points, size_t* i) {
  std::string buckets;
  std::string sum = "0";
  for (; *i + 1 < points.size() && points[*i].suffix != "_count"; ++*i) {
    const MetricPoint& point = points[*i];
    if (point.suffix == "_sum") {
      sum = JsonNumber(point.value);
      continue;
    }
    std::string_view bound;
    for (const auto& [name, value] : point.labels) {
      if (name == kBucketLabel) bound = value;
    }
    if (!buckets.empty()) buckets.push_back(',');
    ObjectWriter bucket(&buckets);
    bucket.Text("cumulativeCount", FormatFloatF(point.value));
    bucket.Raw("upperBound", bound == "+Inf" ? "\"Infinity\"" : bound);
    bucket.End();
  }
  std::string histogram;
  ObjectWriter inner(&histogram);
  inner.Text("sampleCount", FormatFloatF(points[*i].value));
  inner.Raw("sampleSum", sum);
  inner.Raw("bucket", fmt::format("[{}]", buckets));
  inner.End();
  std::string json;
  ObjectWriter object(&json);
  object.Raw("label", LabelsJson(points[*i].labels));
  object.Raw("histogram", histogram);
  object.End();
  return json;
}

void AppendFamily(const MetricFamily& family, std::string* out) {
  std::string metrics = "[";
  for (size_t i = 0; i < family.points.size(); ++i) {
    if (metrics.size() > 1) metrics.push_back(',');
    if (family.type == MetricType::kHistogram) {
      metrics += HistogramJson(family.points, &i);
      continue;
    }
    ObjectWriter metric(&metrics);
    metric.Raw("label", LabelsJson(family.points[i].labels));
    metric.Raw(family.type == MetricType::kCounter ? "counter" : "gauge",
               fmt::format(R"({{"value":{}}})", JsonNumber(family.points[i].value)));
    metric.End();
  }
  ObjectWriter object(out);
  object.Text("name", family.name);
  object.Text("help", family.help);
  object.Text("type", TypeName(family.type));
  object.Raw("metric", metrics + "]");
  object.End();
}

}  // namespace

Status AnswerFeatures(const ApiContext& context, const HttpRequest&, JsonAnswer* answer) {
  const query::EngineOptions& options = context.engine->options();
  Features functions;
  for (const query::Function& function : query::AllFunctions()) {
    functions.emplace(function.name,
                      (!function.experimental || options.parser.experimental_functions) &&
                          (!function.own || options.parser.forecast_functions));
  }
  ObjectWriter object(answer->data());
  AppendFeatures("api", ApiFeatures(), &object);
  AppendFeatures("promql", PromqlFeatures(options), &object);
  AppendFeatures("promql_functions", functions, &object);
  AppendFeatures("promql_operators", OperatorFeatures(), &object);
  object.End();
  return OkStatus();
}

Status AnswerSelfMetrics(const ApiContext& context, const HttpRequest& request,
                         JsonAnswer* answer) {
  const std::string* pattern = request.Param("metric_name_pattern");
  auto wanted = Matcher::Create(MatchType::kRegex, std::string(kMetricName),
                                pattern == nullptr || pattern->empty() ? ".*" : *pattern);
  if (!wanted.ok()) return InParameter(wanted.status(), "metric_name_pattern");
  answer->data()->push_back('[');
  bool first = true;
  for (const MetricFamily& family : context.metrics->Collect()) {
    if (!wanted->Matches(family.name)) continue;
    if (!first) answer->data()->push_back(',');
    first = false;
    AppendFamily(family, answer->data());
  }
  answer->data()->push_back(']');
  return OkStatus();
}

}  // namespace firn::server
