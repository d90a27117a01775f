// Cost of a journal entry: writing one, reading it, bringing its samples back into the head.
// Last figures: docs/performance.md.
#include <benchmark/benchmark.h>

#include "engine/head/journal/journal_entry.h"
#include "engine/head/journal/journal_replayer.h"

namespace firn::engine {
namespace {

constexpr uint64_t kSeries = 2000;
constexpr TimestampMs kStart = 1'700'000'000'000;

// Half of the samples are small numbers, the others large ones or fractions.
double ValueOf(uint64_t series, int step) {
  if (series % 2 == 0) return 1;
  const double whole = static_cast<double>(series) * 977'000 + step;
  return series % 16 == 1 ? whole / 3 : whole;
}

std::string_view Encode(JournalEntryWriter* writer, int step) {
  writer->Clear();
  for (uint64_t series = 1; series <= kSeries; ++series) {
    writer->Add(series, {kStart + step * 15'000, ValueOf(series, step)});
  }
  return writer->Finish();
}

void BM_JournalEncode(benchmark::State& state) {
  JournalEntryWriter writer;
  size_t bytes = 0;
  for (auto _ : state) bytes = Encode(&writer, 1).size();
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(kSeries));
  state.counters["bytes_per_sample"] = static_cast<double>(bytes) / kSeries;
}
BENCHMARK(BM_JournalEncode);

class Sum : public JournalEntryVisitor {
 public:
  void OnSample(uint64_t, Sample sample) override { sum += sample.v; }
  void OnDifference(uint64_t, TimestampMs, const JournalDifference& since) override {
    sum += since.To(1).value_or(0);
  }
  void OnHistogram(uint64_t, TimestampMs, HistogramPtr) override {}
  double sum = 0;
};

void BM_JournalDecode(benchmark::State& state) {
  JournalEntryWriter writer;
  const std::string entry(Encode(&writer, 1));
  Sum visitor;
  for (auto _ : state) {
    if (!ReadJournalEntry(entry, &visitor).ok()) state.SkipWithError("corrupt");
  }
  benchmark::DoNotOptimize(visitor.sum);
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(kSeries));
}
BENCHMARK(BM_JournalDecode);

// A window of 120 scrapes, by number of threads that append.
void BM_JournalReplay(benchmark::State& state) {
  constexpr int kSteps = 120;
  JournalEntryWriter writer;
  std::vector<std::string> entries;
  for (int step = 0; step < kSteps; ++step) entries.emplace_back(Encode(&writer, step));
  for (auto _ : state) {
    state.PauseTiming();
    Head head(HeadOptions{});
    for (uint64_t series = 1; series <= kSeries; ++series) {
      const Labels labels =
          Labels::FromPairs({{"__name__", "m"}, {"series", std::to_string(series)}});
      if (!head.table().Restore(series, labels).ok()) state.SkipWithError("series");
    }
    state.ResumeTiming();
    JournalReplayer replayer(&head, {}, static_cast<size_t>(state.range(0)), {});
    for (uint64_t i = 0; i < entries.size(); ++i) {
      if (!replayer.Replay(i + 1, entries[i]).ok()) state.SkipWithError("corrupt");
    }
    replayer.Finish();
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(kSeries) * kSteps);
}
BENCHMARK(BM_JournalReplay)->ArgName("threads")->Arg(1)->Arg(2)->UseRealTime();

}  // namespace
}  // namespace firn::engine
