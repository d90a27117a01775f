// Cost of a batch in the head, without decoding before it and without the disk behind it.
// Last figures: docs/performance.md.
#include <array>

#include <benchmark/benchmark.h>

#include "engine/head/head_batch.h"

namespace firn::engine {
namespace {

std::vector<std::vector<std::pair<std::string, std::string>>> MakeSeries(int count) {
  std::vector<std::vector<std::pair<std::string, std::string>>> out;
  for (int i = 0; i < count; ++i) {
    out.push_back({{"__name__", "node_cpu_seconds_total_" + std::to_string(i % 100)},
                   {"cluster", "production-eu-west"},
                   {"cpu", std::to_string(i % 16)},
                   {"instance", "10.0." + std::to_string(i / 100 % 256) + ".7:9100"},
                   {"job", "node"},
                   {"mode", "system"},
                   {"pod", "node-exporter-" + std::to_string(i / 100)}});
  }
  return out;
}

std::vector<LabelView> Views(const std::vector<std::pair<std::string, std::string>>& pairs) {
  std::vector<LabelView> views;
  for (const auto& [name, value] : pairs) views.push_back({name, value});
  return views;
}

// One sample of every series per batch of `kBatch` series, in the same order every time.
void BM_AppendRound(benchmark::State& state) {
  constexpr int kSeries = 100'000;
  constexpr int kBatch = 2000;
  const auto labels = MakeSeries(kSeries);
  std::vector<std::vector<LabelView>> views;
  for (const auto& pairs : labels) views.push_back(Views(pairs));
  HeadOptions options;
  options.future_ms = 0;
  Head head(options);
  uint64_t journal = 0;
  TimestampMs t = 0;
  for (auto _ : state) {
    t += 15'000;
    for (int first = 0; first < kSeries; first += kBatch) {
      HeadBatch batch(&head);
      for (int i = first; i < first + kBatch; ++i) {
        const auto ref = batch.FindSeries(views[i]);
        const double v = i % 2 == 0 ? 42 : static_cast<double>(t / 1000 * (i % 7));
        benchmark::DoNotOptimize(batch.Append(*ref, std::array{Sample{t, v}}).ok());
      }
      benchmark::DoNotOptimize(batch.EncodeEntry());
      batch.Apply(++journal);
    }
  }
  state.SetItemsProcessed(state.iterations() * kSeries);
  const HeadFigures figures = head.Measure();
  state.counters["bytes_per_series"] =
      static_cast<double>(figures.allocated_bytes) / static_cast<double>(figures.series);
}
BENCHMARK(BM_AppendRound)->Iterations(240)->Unit(benchmark::kMillisecond);

void BM_SelectAll(benchmark::State& state) {
  constexpr int kSeries = 100'000;
  HeadOptions options;
  options.future_ms = 0;
  Head head(options);
  {
    HeadBatch batch(&head);
    for (const auto& pairs : MakeSeries(kSeries)) {
      const std::vector<LabelView> views = Views(pairs);
      benchmark::DoNotOptimize(
          batch.Append(*batch.FindSeries(views), std::array{Sample{1, 1}}).ok());
    }
    batch.Apply(1);
  }
  const Matchers matchers = {*Matcher::Create(MatchType::kRegex, "__name__", "node_.*_total_.*")};
  for (auto _ : state) {
    benchmark::DoNotOptimize(head.table().Select(matchers));
  }
  state.SetItemsProcessed(state.iterations() * kSeries);
}
BENCHMARK(BM_SelectAll)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace firn::engine
