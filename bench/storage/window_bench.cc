// Sealing, selecting and reading a window of 20,000 series in 20 metrics.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <functional>
#include <map>
#include <memory>

#include <fmt/core.h>

#include "bench/storage/scrape_like.h"
#include "storage/page/window_reader.h"
#include "storage/page/window_writer.h"

namespace firn::storage {
namespace {

constexpr size_t kSamples = 480;
constexpr int kMetrics = 20;
constexpr int kPods = 1000;
constexpr WindowId kWindow = {
    .tier = 0, .start = 1'700'000'000'000, .end = 1'700'000'000'000 + 2 * kHourMs, .generation = 0};

class BenchPages : public PageSink, public PageSource {
 public:
  Status Put(std::string_view key, std::string_view page) override {
    pages_.emplace_hint(pages_.end(), key, std::make_shared<const std::string>(page));
    return OkStatus();
  }
  Result<PinnedPage> Get(std::string_view key) const override {
    const auto it = pages_.find(key);
    if (it == pages_.end()) return NotFound("no page");
    return PinnedPage{it->second, *it->second};
  }
  Status Scan(std::string_view, std::string_view,
              const std::function<Status(std::string_view, PinnedPage)>&) const override {
    return Unimplemented("windows are read by key");
  }

 private:
  std::map<std::string, std::shared_ptr<const std::string>, std::less<>> pages_;
};

struct Series {
  Labels labels;
  const std::vector<TimestampMs>* t;
  std::vector<double> v;
};

struct Data {
  std::vector<std::vector<TimestampMs>> clocks;
  std::vector<Series> series;
};

// Every 25 pods share a node and so a clock with 5 ms of jitter.
const Data& MakeData() {
  static const Data data = [] {
    std::mt19937_64 rng(42);
    Data made;
    for (int i = 0; i < 40; ++i) made.clocks.push_back(MakeTimes(kSamples, 15'000, 5, rng));
    for (int m = 0; m < kMetrics; ++m) {
      for (int pod = 0; pod < kPods; ++pod) {
        made.series.push_back(
            {Labels::FromPairs({{"__name__", fmt::format("metric_{:02}_total", m)},
                                {"cluster", "eu-west-1"},
                                {"instance", fmt::format("10.0.{}.7:9100", pod / 25)},
                                {"job", "node"},
                                {"namespace", fmt::format("team-{}", pod % 12)},
                                {"pod", fmt::format("api-7f6c9d-{:04}", pod)}}),
             &made.clocks[static_cast<size_t>(pod / 25)], MakeScrapeLike(kSamples, rng)});
      }
    }
    std::sort(made.series.begin(), made.series.end(),
              [](const Series& a, const Series& b) { return a.labels < b.labels; });
    return made;
  }();
  return data;
}

Result<WindowSummary> Write(PageSink* sink) {
  WindowWriter writer(kWindow, sink);
  for (const Series& series : MakeData().series) {
    FIRN_RETURN_IF_ERROR(
        writer.Add(series.labels, {.t = *series.t, .v = series.v, .ht = {}, .h = {}}));
  }
  return writer.Finish();
}

std::shared_ptr<const WindowReader> OpenWritten() {
  auto pages = std::make_shared<BenchPages>();
  FIRN_CHECK(Write(pages.get()).ok());
  return *WindowReader::Open(pages, kWindow);
}

void BM_WindowWrite(benchmark::State& state) {
  WindowSummary summary;
  MakeData();
  for (auto _ : state) {
    BenchPages pages;
    summary = *Write(&pages);
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(summary.float_samples));
  state.counters["bytes_per_sample"] =
      static_cast<double>(summary.bytes) / static_cast<double>(summary.float_samples);
}
BENCHMARK(BM_WindowWrite)->Unit(benchmark::kMillisecond);

void BM_WindowReadMetric(benchmark::State& state) {
  const auto reader = OpenWritten();
  const auto handles = *reader->Select({Matcher::Equal("__name__", "metric_07_total")});
  ReadCache cache;
  SeriesData data;
  for (auto _ : state) {
    for (const SeriesHandle& handle : handles) {
      data.clear();
      FIRN_CHECK(reader->Read(handle, TimeRange(), &cache, &data).ok());
    }
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(handles.size() * kSamples));
}
BENCHMARK(BM_WindowReadMetric)->Unit(benchmark::kMicrosecond);

void BM_WindowSelect(benchmark::State& state) {
  const auto reader = OpenWritten();
  const Matchers by_case[] = {
      {Matcher::Equal("__name__", "metric_07_total"), Matcher::Equal("pod", "api-7f6c9d-0500")},
      {Matcher::Equal("__name__", "metric_07_total"),
       *Matcher::Create(MatchType::kRegex, "pod", "api-.*7")},
      {Matcher::Equal("namespace", "team-3")}};
  const Matchers& matchers = by_case[state.range(0)];
  size_t selected = 0;
  for (auto _ : state) selected = reader->Select(matchers)->size();
  state.counters["selected"] = static_cast<double>(selected);
}
BENCHMARK(BM_WindowSelect)->ArgName("case")->DenseRange(0, 2)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace firn::storage
