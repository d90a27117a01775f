// Cost of the registry of series: entering a new one, finding a known one, selecting.
// Last figures: docs/performance.md.
#include <benchmark/benchmark.h>
#include <malloc.h>

#include "base/hash.h"
#include "engine/head/registry/series_table.h"

namespace firn::engine {
namespace {

// What the C library has given out, heads of blocks included.
size_t AllocatedBytes() {
  const struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

constexpr int kSeries = 100'000;
constexpr int kPerTarget = 500;

std::vector<Labels> MakeLabels(int64_t series = kSeries) {
  std::vector<Labels> out;
  for (int64_t i = 0; i < series; ++i) {
    const std::string target = std::to_string(i / kPerTarget);
    out.push_back(Labels::FromPairs({{"__name__", "metric_" + std::to_string(i % kPerTarget / 4)},
                                     {"cluster", "production-eu-west"},
                                     {"cpu", std::to_string(i % 4)},
                                     {"instance", "10.0.0." + target + ":9100"},
                                     {"job", "node"},
                                     {"pod", "node-exporter-" + target}}));
  }
  return out;
}

void Fill(const std::vector<Labels>& labels, SeriesTable* table) {
  SeriesTable::RefRun run(table);
  bool created = false;
  for (const Labels& l : labels) {
    benchmark::DoNotOptimize(table->FindOrCreate(l.packed(), Xxh3(l.packed()), &run, &created));
  }
}

void BM_CreateSeries(benchmark::State& state) {
  const std::vector<Labels> labels = MakeLabels();
  for (auto _ : state) {
    SeriesTable table;
    Fill(labels, &table);
  }
  state.SetItemsProcessed(state.iterations() * kSeries);
}
BENCHMARK(BM_CreateSeries)->Unit(benchmark::kMillisecond);

// What a series takes beside the text of its labels and the state of its samples, which is in the
// same object: number, pointers, counts, hash table and lists, after the first query has sorted
// them, with what memory is given out in reserve.
void BM_RegistryBytes(benchmark::State& state) {
  constexpr size_t kSampleState = sizeof(Series) - sizeof(Labels) - 2 * sizeof(uint32_t);
  const std::vector<Labels> labels = MakeLabels(state.range(0));
  size_t text = 0;
  for (const Labels& l : labels) text += l.packed().size();
  size_t bytes = 0;
  for (auto _ : state) {
    SeriesTable table;  // Its own two MiB are zero pages until there are very many series.
    const size_t before = AllocatedBytes();
    Fill(labels, &table);
    table.AllByMetric();
    bytes = AllocatedBytes() - before;
  }
  const auto per_series = [&](size_t all) {
    return static_cast<double>(all) / static_cast<double>(labels.size());
  };
  state.counters["all"] = per_series(bytes);
  state.counters["label_text"] = per_series(text);
  state.counters["sample_state"] = kSampleState;
  state.counters["registry"] = per_series(bytes - text) - kSampleState;
}
BENCHMARK(BM_RegistryBytes)
    ->ArgName("series")
    ->Arg(100'000)
    ->Arg(250'000)
    ->Arg(1'000'000)
    ->Iterations(1)
    ->Unit(benchmark::kMillisecond);

void BM_FindSeries(benchmark::State& state) {
  const std::vector<Labels> labels = MakeLabels();
  SeriesTable table;
  Fill(labels, &table);
  for (auto _ : state) {
    for (const Labels& l : labels) {
      benchmark::DoNotOptimize(table.Find(l.packed(), Xxh3(l.packed())));
    }
  }
  state.SetItemsProcessed(state.iterations() * kSeries);
}
BENCHMARK(BM_FindSeries)->Unit(benchmark::kMillisecond);

// What the first query after a start waits for: all series in label order.
void BM_SortSeries(benchmark::State& state) {
  const std::vector<Labels> labels = MakeLabels();
  for (auto _ : state) {
    state.PauseTiming();
    SeriesTable table;
    Fill(labels, &table);
    state.ResumeTiming();
    benchmark::DoNotOptimize(table.AllByMetric());
  }
  state.SetItemsProcessed(state.iterations() * kSeries);
}
BENCHMARK(BM_SortSeries)->Unit(benchmark::kMillisecond);

// One metric of 200 targets: matched by one label, by a regular expression, by what it is not.
void BM_MatchLabels(benchmark::State& state) {
  const std::vector<Labels> labels = MakeLabels();
  SeriesTable table;
  Fill(labels, &table);
  const Matcher name = Matcher::Equal("__name__", "metric_7");
  const Matchers cases[] = {{name, Matcher::Equal("instance", "10.0.0.77:9100")},
                            {name, *Matcher::Create(MatchType::kRegex, "pod", "node-exporter-1.*")},
                            {name, *Matcher::Create(MatchType::kNotEqual, "cpu", "0")}};
  const Matchers& matchers = cases[state.range(0)];
  for (auto _ : state) benchmark::DoNotOptimize(table.Select(matchers));
  state.SetItemsProcessed(state.iterations() * kSeries / kPerTarget * 4);
}
BENCHMARK(BM_MatchLabels)->ArgName("case")->DenseRange(0, 2);

}  // namespace
}  // namespace firn::engine
