// Cost of reading an expression, from a name to what dashboards send.
// Last figures: docs/performance.md.
#include <benchmark/benchmark.h>

#include "query/parser/parser.h"

namespace firn::query {
namespace {

constexpr const char* kExpressions[] = {
    "up", "sum by (job, instance) (rate(node_cpu_seconds_total{mode!=\"idle\"}[5m]))",
    "histogram_quantile(0.99, sum by (le, handler) (rate(http_request_seconds_bucket[5m])))",
    "100 * (1 - node_memory_MemAvailable_bytes / on (instance) node_memory_MemTotal_bytes) > 90"};

void BM_Parse(benchmark::State& state) {
  const std::string_view text = kExpressions[state.range(0)];
  for (auto _ : state) {
    auto tree = ParseExpr(text);
    if (!tree.ok()) state.SkipWithError("syntax");
    benchmark::DoNotOptimize(tree);
  }
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(text.size()));
}
BENCHMARK(BM_Parse)->ArgName("expression")->DenseRange(0, 3);

}  // namespace
}  // namespace firn::query
