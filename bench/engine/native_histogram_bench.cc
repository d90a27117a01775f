// What native histograms cost in the head: memory, appending, reading back.
#include <malloc.h>

#include <random>

#include <benchmark/benchmark.h>

#include "engine/head/series.h"

namespace firn::engine {
namespace {

constexpr int kSeries = 1000;
constexpr int kSamples = 120;  // Half an hour at 15 s.
constexpr TimestampMs kStep = 15'000;

uint64_t Allocated() {
  const struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

// A request duration: two dozen buckets, some of which grow from one scrape to the next.
class Latency {
 public:
  explicit Latency(uint32_t seed) : random_(seed) {
    h_.schema = 3;
    h_.zero_threshold = 1e-128;
    h_.positive_spans = {{-20, 8}, {2, 10}, {1, 6}};
    h_.positive_buckets.resize(24);
  }
  HistogramPtr Next() {
    for (int i = 0; i < 12; ++i) {
      const auto bucket = static_cast<size_t>(random_() % 8 + random_() % 9 + random_() % 9);
      const auto more = static_cast<double>(random_() % 7);
      h_.positive_buckets[bucket] += more;
      h_.count += more;
      h_.sum += more * 0.013 * static_cast<double>(random_() % 1000) / 1000;
    }
    return std::make_shared<const FloatHistogram>(h_);
  }

 private:
  std::mt19937 random_;
  FloatHistogram h_;
};

std::vector<std::unique_ptr<Series>> MakeSeries() {
  std::vector<std::unique_ptr<Series>> all;
  for (uint32_t i = 0; i < kSeries; ++i) all.push_back(std::make_unique<Series>(i, Labels()));
  return all;
}

void Fill(const std::vector<std::unique_ptr<Series>>& all, int samples) {
  std::vector<Latency> values;
  for (uint32_t i = 0; i < kSeries; ++i) values.emplace_back(i);
  for (int s = 0; s < samples; ++s) {
    for (uint32_t i = 0; i < kSeries; ++i) {
      all[i]->AppendHistogram({0, 0}, s * kStep, values[i].Next());
    }
  }
}

// With making each histogram, which is what decoding a request does.
void BM_AppendNativeHistograms(benchmark::State& state) {
  double bytes = 0;
  for (auto _ : state) {
    state.PauseTiming();
    auto all = MakeSeries();
    const uint64_t before = Allocated();
    state.ResumeTiming();
    Fill(all, kSamples);
    state.PauseTiming();
    bytes = static_cast<double>(Allocated() - before) / (kSeries * kSamples);
    all.clear();
    state.ResumeTiming();
  }
  state.counters["bytes_per_sample"] = bytes;
  state.SetItemsProcessed(state.iterations() * kSeries * kSamples);
}
BENCHMARK(BM_AppendNativeHistograms)->Unit(benchmark::kMillisecond);

// The newest `range` samples of each series.
void BM_ReadNativeHistograms(benchmark::State& state) {
  const auto all = MakeSeries();
  Fill(all, kSamples);
  const TimeRange range{(kSamples - state.range(0)) * kStep, kSamples * kStep};
  SampleColumns scratch;
  SampleColumns out;
  for (auto _ : state) {
    for (const auto& series : all) {
      out.Clear();
      series->VisitChunks([&](const HeadChunk& chunk) {
        return Series::ReadChunk(chunk, range, &scratch, &out).ok();
      });
      benchmark::DoNotOptimize(out.h.data());
    }
  }
  state.SetItemsProcessed(state.iterations() * kSeries * state.range(0));
}
BENCHMARK(BM_ReadNativeHistograms)->Arg(kSamples)->Arg(20);

}  // namespace
}  // namespace firn::engine
