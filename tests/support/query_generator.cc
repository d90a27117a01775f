#include "tests/support/query_generator.h"

#include <algorithm>
#include <array>
#include <vector>

namespace firn::testing {
namespace {

using query::ValueType;
using Texts = std::string_view;

constexpr auto kMetrics = std::to_array<Texts>(
    {"load", "requests_total", "latency_bucket", "native", "{__name__=~\"load|requests_total\"}"});
constexpr auto kMatchers =
    std::to_array<Texts>({"", "", "{}", "{job=\"a\"}", "{job!=\"a\"}",
                          "{job=~\"a|b\",instance!~\"1\"}", "{le=\"1\"}", "{none=\"\"}"});
constexpr auto kDurations =
    std::to_array<Texts>({"1m", "30s", "5m", "90s", "1h", "1ms", "2m30s", "15"});
constexpr auto kNumbers = std::to_array<Texts>(
    {"1", "0", "0.5", "-1", "2", "NaN", "Inf", "-Inf", "1e10", "0x1F", "1e-300", "0.99", "3"});
constexpr auto kStrings = std::to_array<Texts>(
    {"\"job\"", "\"instance\"", "\"le\"", "\"$1\"", "\"(.*)\"", "\"\"", "\"a\"", "\"x-$1-$2\""});
constexpr auto kLabels = std::to_array<Texts>({"job", "instance", "le", "none", "__name__"});
constexpr auto kOperators = std::to_array<Texts>(
    {"+", "-",  "*",   "/",  "%",      "^",     "==",     "!=",      "<",  "<=",
     ">", ">=", "and", "or", "unless", "atan2", "> bool", "== bool", "</", ">/"});
constexpr auto kMatchings = std::to_array<Texts>(
    {"", "", "on(job)", "ignoring(le)", "on()", "on(job, instance)", "on(job) group_left",
     "ignoring(instance) group_right(le)", "on(job, instance) group_left()"});
constexpr auto kAggregations =
    std::to_array<Texts>({"sum", "avg", "min", "max", "count", "group", "stddev", "stdvar"});
constexpr auto kAggregationsOfNumber =
    std::to_array<Texts>({"topk", "bottomk", "quantile", "limitk", "limit_ratio"});

}  // namespace

size_t QueryGenerator::Below(size_t n) {
  if (bytes_.empty()) return 0;
  const size_t value = bytes_.front() % n;
  bytes_ = bytes_.subspan(1);
  return value;
}

std::string_view QueryGenerator::Pick(std::span<const std::string_view> choices) {
  return choices[Below(choices.size())];
}

std::string QueryGenerator::Expr(int depth) {
  const size_t kind = Below(12);
  if (kind == 0) return Scalar(depth);
  if (kind == 1) return Matrix(depth);
  return Vector(depth);
}

std::string QueryGenerator::Of(ValueType type, int depth) {
  switch (type) {
    case ValueType::kScalar:
      return Scalar(depth);
    case ValueType::kMatrix:
      return Matrix(depth);
    case ValueType::kString:
      return std::string(Pick(kStrings));
    default:
      return Vector(depth);
  }
}

std::string QueryGenerator::Scalar(int depth) {
  switch (depth <= 0 ? 0 : Below(6)) {
    case 1:
      return "scalar(" + Vector(depth - 1) + ")";
    case 2:
      return Call(ValueType::kScalar, depth - 1);
    case 3:
      return "-(" + Scalar(depth - 1) + ")";
    case 4:
      // Set operators and filters are not for numbers.
      return "(" + Scalar(depth - 1) + " " + std::string(kOperators[Below(6)]) + " " +
             Scalar(depth - 1) + ")";
    default:
      return std::string(Pick(kNumbers));
  }
}

std::string QueryGenerator::Vector(int depth) {
  if (depth <= 0) return Selector();
  switch (Below(10)) {
    case 0:
      return Selector();
    case 1:
    case 2:
    case 3:
      return Call(ValueType::kVector, depth - 1);
    case 4:
    case 5:
      return Aggregation(depth - 1);
    case 6:
    case 7:
      return Binary(depth - 1);
    case 8:
      return "-(" + Vector(depth - 1) + ")";
    default:
      return "(" + Vector(depth - 1) + ")";
  }
}

std::string QueryGenerator::Modifiers() {
  std::string out;
  switch (Below(8)) {
    case 1:
      out += " offset ";
      out += Pick(kDurations);
      break;
    case 2:
      out += " offset -1m";
      break;
    case 3:
      out += " @ 600";
      break;
    case 4:
      out += " @ 1200.5 offset 1m";
      break;
    default:
      break;
  }
  return out;
}

std::string QueryGenerator::Selector() {
  std::string out(Pick(kMetrics));
  if (!out.ends_with('}')) out += Pick(kMatchers);
  return out + Modifiers();
}

std::string QueryGenerator::Matrix(int depth) {
  const std::string range(Pick(kDurations));
  if (depth > 0 && Below(3) == 2) {
    constexpr auto kSteps = std::to_array<Texts>({"", "1m", "45s", "10s"});
    return "(" + Vector(depth - 1) + ")[" + range + ":" + std::string(Pick(kSteps)) + "]" +
           Modifiers();
  }
  std::string out(Pick(kMetrics));
  if (!out.ends_with('}')) out += Pick(kMatchers);
  constexpr auto kExtended = std::to_array<Texts>({"", "", "", " anchored", " smoothed"});
  return out + "[" + range + "]" + std::string(Pick(kExtended)) + Modifiers();
}

std::string QueryGenerator::Call(ValueType type, int depth) {
  std::vector<const query::Function*> fitting;
  for (const query::Function& function : query::AllFunctions()) {
    // What a range says of itself is another thing at an instant.
    const bool of_range = function.name == "start" || function.name == "end" ||
                          function.name == "step" || function.name == "range";
    if (function.return_type == type && !of_range && !function.own) fitting.push_back(&function);
  }
  // 100 functions take more than a byte's few low values to be reached evenly.
  const query::Function& function = *fitting[(Below(256) * 7 + Below(256)) % fitting.size()];
  size_t count = function.arg_types.size();
  if (function.variadic != 0 && count > 0) {
    const size_t more = function.variadic > 0 ? static_cast<size_t>(function.variadic) : 3;
    count = count - 1 + Below(more + 2);
  }
  std::string out = std::string(function.name) + "(";
  for (size_t i = 0; i < count; ++i) {
    if (i > 0) out += ", ";
    out += Of(function.arg_types[std::min(i, function.arg_types.size() - 1)], depth);
  }
  return out + ")";
}

std::string QueryGenerator::LabelList() {
  std::string out = Below(2) == 0 ? " by (" : " without (";
  for (size_t n = Below(3), i = 0; i < n; ++i) {
    if (i > 0) out += ", ";
    out += Pick(kLabels);
  }
  return out + ") ";
}

std::string QueryGenerator::Aggregation(int depth) {
  const size_t kind = Below(3);
  const std::string grouping = Below(2) == 0 ? " " : LabelList();
  if (kind == 0) {
    return std::string(Pick(kAggregationsOfNumber)) + grouping + "(" + Scalar(depth) + ", " +
           Vector(depth) + ")";
  }
  if (kind == 1 && Below(4) == 0) {
    return "count_values" + grouping + "(\"v\", " + Vector(depth) + ")";
  }
  return std::string(Pick(kAggregations)) + grouping + "(" + Vector(depth) + ")";
}

std::string QueryGenerator::Binary(int depth) {
  const std::string op(Pick(kOperators));
  switch (Below(4)) {
    case 0:
      return "(" + Vector(depth) + ") " + op + " " + Scalar(depth);
    case 1:
      return Scalar(depth) + " " + op + " (" + Vector(depth) + ")";
    default:
      return "(" + Vector(depth) + ") " + op + " " + std::string(Pick(kMatchings)) + " (" +
             Vector(depth) + ")";
  }
}

}  // namespace firn::testing
