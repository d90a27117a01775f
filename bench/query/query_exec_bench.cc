// Cost of whole queries over an hour of samples every 15 s, in memory: what is measured is
// the query engine alone. `cpu_ms` is the CPU time of all threads, `peak_mib` by how much
// one query raises the resident memory.
#include <functional>
#include <random>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "bench/query/figures.h"
#include "query/exec/query_engine.h"
#include "tests/support/memory_store.h"

namespace firn::query {
namespace {

using firn::testing::MemoryStore;
using firn::testing::StoredSeries;

constexpr DurationMs kInterval = 15 * kSecondMs;
constexpr size_t kSeries = 100'000;
constexpr size_t kBuckets = 50'000;

using LabelsOf = std::function<Labels(size_t)>;

// Counters; `own_times` gives each its own phase and a jitter of 2 ms.
const MemoryStore* MakeStore(size_t count, const LabelsOf& labels_of, bool own_times) {
  std::mt19937_64 rng(42);  // Fixed seed: every run reads the same samples.
  std::vector<StoredSeries> all(count);
  for (size_t i = 0; i < count; ++i) {
    all[i].labels = labels_of(i);
    double value = static_cast<double>(rng() % 100'000);
    const auto phase = own_times ? static_cast<TimestampMs>(rng() % kInterval) : 0;
    for (TimestampMs t = -5 * kMinuteMs; t <= kHourMs; t += kInterval) {
      const auto jitter = own_times ? static_cast<TimestampMs>(rng() % 5) - 2 : 0;
      all[i].samples.t.push_back(t + phase + jitter);
      all[i].samples.v.push_back(value);
      value += static_cast<double>(rng() % 100);
    }
  }
  auto* store = new MemoryStore;
  store->Add(all);
  return store;
}

Labels CounterLabels(size_t i) {
  return Labels::FromPairs({{"__name__", "m"},
                            {"instance", "host-" + std::to_string(i)},
                            {"job", "job-" + std::to_string(i % 20)}});
}

Labels BucketLabels(size_t i) {
  const size_t le = i % 12;
  return Labels::FromPairs({{"__name__", "b_bucket"},
                            {"instance", "host-" + std::to_string(i / 12)},
                            {"job", "job-" + std::to_string(i / 12 % 20)},
                            {"le", le == 11 ? "+Inf" : std::to_string(le * le)}});
}

const MemoryStore& SharedTimes() {
  static const MemoryStore* const kStore = MakeStore(kSeries, CounterLabels, false);
  return *kStore;
}

const MemoryStore& OwnTimes() {
  static const MemoryStore* const kStore = MakeStore(kSeries, CounterLabels, true);
  return *kStore;
}

const MemoryStore& Buckets() {
  static const MemoryStore* const kStore = MakeStore(kBuckets, BucketLabels, false);
  return *kStore;
}

void RunQuery(benchmark::State& state, const MemoryStore& store, const char* text,
              DurationMs step) {
  ThreadPool pool(1, "bench");  // The calling thread is the second one.
  const QueryEngine engine(EngineOptions{}, &pool);
  QueryRequest request;
  request.text = text;
  request.start = step > 0 ? 0 : kHourMs;
  request.end = kHourMs;
  request.step = step;
  const auto querier = store.NewQuerier();
  const auto run = [&] {
    auto result = engine.Run(request, **querier, nullptr);
    if (!result.ok()) state.SkipWithError(std::string(result.status().message()).c_str());
    benchmark::DoNotOptimize(result);
  };
  const bench::PeakMemory peak;
  run();
  state.counters["peak_mib"] = static_cast<double>(peak.RisenBytes()) / (1 << 20);
  const bench::CpuCounter cpu(&state);
  for (auto _ : state) run();
}

void BM_SumByRate(benchmark::State& state) {
  RunQuery(state, SharedTimes(), "sum by (job) (rate(m[5m]))", kInterval);
}
BENCHMARK(BM_SumByRate)->Unit(benchmark::kMillisecond)->UseRealTime();

void BM_SumByRateCoarse(benchmark::State& state) {
  RunQuery(state, SharedTimes(), "sum by (job) (rate(m[5m]))", kMinuteMs);
}
BENCHMARK(BM_SumByRateCoarse)->Unit(benchmark::kMillisecond)->UseRealTime();

void BM_SumByRateOwnTimes(benchmark::State& state) {
  RunQuery(state, OwnTimes(), "sum by (job) (rate(m[5m]))", kInterval);
}
BENCHMARK(BM_SumByRateOwnTimes)->Unit(benchmark::kMillisecond)->UseRealTime();

void BM_SumBySelector(benchmark::State& state) {
  RunQuery(state, SharedTimes(), "sum by (job) (m)", kInterval);
}
BENCHMARK(BM_SumBySelector)->Unit(benchmark::kMillisecond)->UseRealTime();

void BM_InstantSelector(benchmark::State& state) { RunQuery(state, SharedTimes(), "m", 0); }
BENCHMARK(BM_InstantSelector)->Unit(benchmark::kMillisecond)->UseRealTime();

void BM_HistogramQuantile(benchmark::State& state) {
  RunQuery(state, Buckets(), "histogram_quantile(0.99, sum by (le) (rate(b_bucket[5m])))",
           kInterval);
}
BENCHMARK(BM_HistogramQuantile)->Unit(benchmark::kMillisecond)->UseRealTime();

void BM_HistogramQuantilePerInstance(benchmark::State& state) {
  RunQuery(state, Buckets(), "histogram_quantile(0.99, rate(b_bucket[5m]))", kInterval);
}
BENCHMARK(BM_HistogramQuantilePerInstance)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace
}  // namespace firn::query
