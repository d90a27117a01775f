// Cost of whole queries over 100,000 series in memory, an hour of samples every 15 s.
#include <random>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "query/exec/query_engine.h"
#include "tests/support/memory_store.h"

namespace firn::query {
namespace {

constexpr size_t kSeries = 100'000;
constexpr DurationMs kInterval = 15 * kSecondMs;

const firn::testing::MemoryStore& Store() {
  static const firn::testing::MemoryStore* const kStore = [] {
    std::mt19937_64 rng(42);  // Fixed seed: every run reads the same samples.
    std::vector<firn::testing::StoredSeries> all(kSeries);
    for (size_t i = 0; i < kSeries; ++i) {
      all[i].labels = Labels::FromPairs({{"__name__", "m_total"},
                                         {"instance", "host-" + std::to_string(i)},
                                         {"job", "job-" + std::to_string(i % 20)}});
      double value = static_cast<double>(rng() % 1000);
      for (int64_t t = 0; t <= kHourMs; t += kInterval) {
        all[i].samples.t.push_back(t);
        all[i].samples.v.push_back(value);
        value += static_cast<double>(rng() % 100);
      }
    }
    auto* store = new firn::testing::MemoryStore;
    store->Add(all);
    return store;
  }();
  return *kStore;
}

void RunQuery(benchmark::State& state, const char* text, DurationMs step) {
  ThreadPool pool(1, "bench");  // The calling thread is the second one.
  const QueryEngine engine(EngineOptions{}, &pool);
  QueryRequest request;
  request.text = text;
  request.start = step > 0 ? 5 * kMinuteMs : kHourMs;
  request.end = kHourMs;
  request.step = step;
  const auto querier = Store().NewQuerier();
  for (auto _ : state) {
    auto result = engine.Run(request, **querier, nullptr);
    if (!result.ok()) state.SkipWithError(std::string(result.status().message()).c_str());
    benchmark::DoNotOptimize(result);
  }
}

void BM_SumByRate(benchmark::State& state) {
  RunQuery(state, "sum by (job) (rate(m_total[5m]))", kInterval);
}
BENCHMARK(BM_SumByRate)->Unit(benchmark::kMillisecond)->UseRealTime();

void BM_SumByRateCoarse(benchmark::State& state) {
  RunQuery(state, "sum by (job) (rate(m_total[5m]))", kMinuteMs);
}
BENCHMARK(BM_SumByRateCoarse)->Unit(benchmark::kMillisecond)->UseRealTime();

void BM_InstantSelector(benchmark::State& state) { RunQuery(state, "m_total", 0); }
BENCHMARK(BM_InstantSelector)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace
}  // namespace firn::query
