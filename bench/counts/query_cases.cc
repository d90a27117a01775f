#include <cmath>

#include "base/check.h"
#include "bench/counts/case.h"
#include "query/parser/parser.h"
#include "server/codec/json.h"

namespace firn::bench {
namespace {

constexpr const char* kExpressions[] = {
    "up", "sum by (job, instance) (rate(node_cpu_seconds_total{mode!=\"idle\"}[5m]))",
    "histogram_quantile(0.99, sum by (le, handler) (rate(http_request_seconds_bucket[5m])))",
    "100 * (1 - node_memory_MemAvailable_bytes / on (instance) node_memory_MemTotal_bytes) > 90",
    "label_replace(topk(10, max_over_time(m{a=~\"x.*\"}[1h:1m] offset 1d)), \"b\", \"$1\", \"a\", "
    "\"(.*)\")"};
constexpr size_t kPoints = 1000;

std::function<void()> Parse() {
  return [] {
    for (const char* text : kExpressions) FIRN_CHECK(query::ParseExpr(text).ok());
  };
}

std::function<void()> JsonPoints() {
  return [] {
    std::string out;
    for (size_t i = 0; i < kPoints; ++i) {
      const double v = i % 2 == 0 ? static_cast<double>(977 * i) : std::sqrt(2.0 + double(i));
      server::AppendJsonPoint(1'700'000'000'000 + 15'000 * static_cast<TimestampMs>(i), v, &out);
    }
    Keep(out.data());
  };
}

}  // namespace

std::vector<Case> QueryCases() {
  return {{"parse_expression", std::size(kExpressions), Parse},
          {"json_point", kPoints, JsonPoints}};
}

}  // namespace firn::bench
