// Cost of queries over a database of 100,000 counters and 50,000 buckets of classic histograms, an
// hour of samples every 15 s: all in the head, or all in sealed windows. Each target has its own
// phase, as scrapes have.
#include <stdlib.h>

#include <filesystem>
#include <random>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "base/check.h"
#include "bench/query/figures.h"
#include "engine/db/database.h"
#include "query/exec/query_engine.h"

namespace firn::query {
namespace {

constexpr DurationMs kInterval = 15 * kSecondMs;
constexpr size_t kTargets = 500;
constexpr size_t kSeriesPerTarget = 200;
constexpr size_t kHistogramsPerTarget = 10;
constexpr const char* kBounds[] = {"0.005", "0.01", "0.025", "0.05", "0.1",
                                   "0.25",  "0.5",  "1",     "2.5",  "+Inf"};
constexpr TimestampMs kStart = 1'700'000'000'000 / kHourMs * kHourMs;
constexpr TimestampMs kEnd = kStart + kHourMs + 5 * kMinuteMs;

class StoredDatabase {
 public:
  explicit StoredDatabase(bool sealed) {
    std::string pattern = (std::filesystem::temp_directory_path() / "firn-bench-XXXXXX").string();
    FIRN_CHECK(mkdtemp(pattern.data()) != nullptr);
    path_ = pattern;
    engine::DatabaseOptions options;
    options.path = path_;
    options.ack_before_fsync = true;
    options.future_ms = 0;
    options.retention_ms = 0;
    options.backfill = true;
    options.background_interval_ms = 0;
    options.tiers.clear();
    auto opened = engine::Database::Open(options);
    FIRN_CHECK(opened.ok());
    database_ = *std::move(opened);
    for (size_t target = 0; target < kTargets; ++target) Fill(target);
    if (sealed) FIRN_CHECK(database_->Seal().ok());
  }
  ~StoredDatabase() {
    database_.reset();
    std::filesystem::remove_all(path_);
  }
  StoredDatabase(const StoredDatabase&) = delete;
  StoredDatabase& operator=(const StoredDatabase&) = delete;

  std::unique_ptr<engine::Querier> NewQuerier() const { return *database_->NewQuerier(); }

 private:
  void Fill(size_t target) {
    std::mt19937_64 rng(target);  // Fixed seed: every run stores the same samples.
    const auto phase = static_cast<TimestampMs>(rng() % kInterval);
    const std::string instance = "10.0.0." + std::to_string(target) + ":9100";
    const std::string job = "job-" + std::to_string(target % 20);
    auto appender = database_->NewAppender();
    FIRN_CHECK(appender.ok());
    std::vector<Sample> samples;
    for (size_t i = 0; i < kSeriesPerTarget; ++i) {
      const std::string path = "/api/v1/route-" + std::to_string(i);
      const std::vector<LabelView> labels = {
          {"__name__", "m"}, {"instance", instance}, {"job", job}, {"path", path}};
      samples.clear();
      auto value = static_cast<double>(rng() % 1'000'000);
      for (TimestampMs t = kStart + phase; t < kEnd; t += kInterval) {
        samples.push_back({t, value});
        value += static_cast<double>(rng() % 200);
      }
      Append(appender->get(), labels, samples);
    }
    for (size_t i = 0; i < kHistogramsPerTarget; ++i) {
      FillHistogram({{"__name__", "b"},
                     {"handler", "/api/v1/route-" + std::to_string(i)},
                     {"instance", instance},
                     {"job", job}},
                    kStart + phase, &rng, appender->get());
    }
    FIRN_CHECK((*appender)->Commit().ok());
  }

  using Pairs = std::vector<std::pair<std::string, std::string>>;
  static void FillHistogram(const Pairs& pairs, TimestampMs start, std::mt19937_64* rng,
                            engine::Appender* appender) {
    std::vector<std::vector<Sample>> buckets(std::size(kBounds));
    std::vector<double> counts(std::size(kBounds));
    for (TimestampMs t = start; t < kEnd; t += kInterval) {
      double more = 0;
      for (size_t b = 0; b < counts.size(); ++b) {
        more += static_cast<double>((*rng)() % 8);
        counts[b] += more;
        buckets[b].push_back({t, counts[b]});
      }
    }
    for (size_t b = 0; b < counts.size(); ++b) {
      Pairs of_bucket = pairs;
      of_bucket.emplace_back("le", kBounds[b]);
      const Labels labels = Labels::FromPairs(std::move(of_bucket));
      Append(appender, {labels.begin(), labels.end()}, buckets[b]);
    }
  }
  static void Append(engine::Appender* appender, const std::vector<LabelView>& labels,
                     const std::vector<Sample>& samples) {
    const auto series = appender->Series(labels);
    FIRN_CHECK(series.ok());
    FIRN_CHECK(appender->Append(*series, samples).ok());
  }

  std::string path_;
  std::unique_ptr<engine::Database> database_;
};

const StoredDatabase& Stored(bool sealed) {
  static const StoredDatabase head(false);
  static const StoredDatabase windows(true);
  return sealed ? windows : head;
}

// state.range(0): 0 reads the head, 1 sealed windows.
void RunQuery(benchmark::State& state, const char* text, bool instant) {
  ThreadPool pool(1, "bench");  // The calling thread is the second one.
  const QueryEngine engine(EngineOptions{}, &pool);
  QueryRequest request;
  request.text = text;
  request.start = instant ? kEnd : kEnd - kHourMs;
  request.end = kEnd;
  request.step = instant ? 0 : kInterval;
  const StoredDatabase& database = Stored(state.range(0) == 1);
  const auto run = [&] {
    const auto querier = database.NewQuerier();
    auto result = engine.Run(request, *querier, nullptr);
    if (!result.ok()) state.SkipWithError(std::string(result.status().message()).c_str());
    benchmark::DoNotOptimize(result);
  };
  // The first query also fills the block cache, which outlives it.
  const auto peak_mib = [&] {
    const bench::PeakMemory peak;
    run();
    return static_cast<double>(peak.RisenBytes()) / (1 << 20);
  };
  state.counters["peak_cold_mib"] = peak_mib();
  state.counters["peak_mib"] = peak_mib();
  const bench::CpuCounter cpu(&state);
  for (auto _ : state) run();
}

void Arguments(benchmark::internal::Benchmark* b) {
  b->Arg(0)->Arg(1)->Unit(benchmark::kMillisecond)->UseRealTime()->ArgName("sealed");
}
BENCHMARK_CAPTURE(RunQuery, sum_by_rate, "sum by (job) (rate(m[5m]))", false)->Apply(Arguments);
BENCHMARK_CAPTURE(RunQuery, quantile_of_buckets,
                  "histogram_quantile(0.99, sum by (le) (rate(b[5m])))", false)
    ->Apply(Arguments);
BENCHMARK_CAPTURE(RunQuery, max_by_selector, "max by (job) (m)", false)->Apply(Arguments);
BENCHMARK_CAPTURE(RunQuery, one_target, "rate(m{instance=\"10.0.0.7:9100\"}[5m])", false)
    ->Apply(Arguments);
BENCHMARK_CAPTURE(RunQuery, instant_regex, "{__name__=~\"m.*\"}", true)->Apply(Arguments);
BENCHMARK_CAPTURE(RunQuery, instant_count, "count({__name__=~\"m.*\"})", true)->Apply(Arguments);

}  // namespace
}  // namespace firn::query
