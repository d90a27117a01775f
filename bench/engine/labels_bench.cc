// Cost of what asks for names and values of labels and for series, over 100,000 series of 125
// metrics and 200 targets in four stored windows. Last figures: docs/performance.md.
#include <stdlib.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "base/check.h"
#include "engine/db/database.h"

namespace firn::engine {
namespace {

constexpr TimestampMs kStart = 1'700'000'000'000 / kHourMs * kHourMs;
constexpr int kTargets = 200;
constexpr int kSeriesPerTarget = 500;
constexpr int kWindows = 4;
const TimeRange kRange{kStart, kStart + kWindows * 30 * kMinuteMs + 10 * kMinuteMs};

// How much of what is known the head has samples of.
enum State : int64_t { kAllSealed, kOneTargetInHead, kAllInHead };

class LabelDatabase {
 public:
  explicit LabelDatabase(State state) {
    std::string pattern = (std::filesystem::temp_directory_path() / "firn-bench-XXXXXX").string();
    FIRN_CHECK(mkdtemp(pattern.data()) != nullptr);
    path_ = pattern;
    DatabaseOptions options;
    options.path = path_;
    options.ack_before_fsync = true;
    options.future_ms = 0;
    options.retention_ms = 0;
    options.background_interval_ms = 0;
    options.tiers.clear();
    auto opened = Database::Open(options);
    FIRN_CHECK(opened.ok());
    database_ = *std::move(opened);
    for (int window = 0; window < kWindows; ++window) {
      for (int target = 0; target < kTargets; ++target) Write(target, window);
    }
    FIRN_CHECK(database_->Seal().ok());
    const int in_head = state == kAllInHead ? kTargets : state == kOneTargetInHead ? 1 : 0;
    for (int target = 0; target < in_head; ++target) Write(target, kWindows);
  }
  ~LabelDatabase() {
    database_.reset();
    std::filesystem::remove_all(path_);
  }
  LabelDatabase(const LabelDatabase&) = delete;
  LabelDatabase& operator=(const LabelDatabase&) = delete;

  std::unique_ptr<Querier> NewQuerier() const { return *database_->NewQuerier(); }

 private:
  void Write(int target, int window) {
    const std::string number = std::to_string(target);
    const std::string instance = "10.0.0." + number + ":9100";
    const std::string pod = "node-exporter-" + number;
    auto appender = database_->NewAppender();
    FIRN_CHECK(appender.ok());
    for (int i = 0; i < kSeriesPerTarget; ++i) {
      const std::string name = "metric_" + std::to_string(i / 4);
      const std::string cpu = std::to_string(i % 4);
      const std::vector<LabelView> labels = {{"__name__", name}, {"cluster", "eu-west"},
                                             {"cpu", cpu},       {"instance", instance},
                                             {"job", "node"},    {"pod", pod}};
      const auto series = (*appender)->Series(labels);
      FIRN_CHECK(series.ok());
      const Sample sample{kStart + window * 30 * kMinuteMs + target, static_cast<double>(i)};
      FIRN_CHECK((*appender)->Append(*series, {&sample, 1}).ok());
    }
    FIRN_CHECK((*appender)->Commit().ok());
  }

  std::string path_;
  std::unique_ptr<Database> database_;
};

// One at a time: they share nothing, and each takes a while to fill.
const LabelDatabase& Stored(State state) {
  static std::unique_ptr<LabelDatabase> database;
  static State held = kAllSealed;
  if (database == nullptr || held != state) {
    database.reset();
    database = std::make_unique<LabelDatabase>(state);
    held = state;
  }
  return *database;
}

using Ask = std::function<size_t(const Querier&)>;

void RunAsk(benchmark::State& state, const Ask& ask, size_t want) {
  const LabelDatabase& database = Stored(static_cast<State>(state.range(0)));
  std::vector<double> times;
  for (auto _ : state) {
    const auto begin = std::chrono::steady_clock::now();
    FIRN_CHECK(ask(*database.NewQuerier()) == want);
    const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - begin;
    times.push_back(took.count());
  }
  std::sort(times.begin(), times.end());
  state.counters["p99_ms"] = times[times.size() * 99 / 100];
}

size_t Names(const Querier& querier) { return querier.LabelNames(kRange, {}, 0)->size(); }
Ask Values(const char* label, Matchers matchers = {}) {
  return [label, matchers](const Querier& querier) {
    return querier.LabelValues(label, kRange, matchers, 0)->size();
  };
}
Ask Series(Matchers matchers) {
  return [matchers](const Querier& querier) {
    SelectHints hints;
    hints.function = "series";
    hints.labels_only = true;
    return (*querier.Select(kRange, matchers, hints))->size();
  };
}

// Fixed in number, so that the 99th percentile means the same everywhere.
void Arguments(benchmark::internal::Benchmark* b) {
  b->Unit(benchmark::kMillisecond)->UseRealTime()->ArgName("head")->Iterations(300);
}

void RegisterAll() {
  const auto add = [](const std::string& name, State state, const Ask& ask, size_t want) {
    auto* bench = benchmark::RegisterBenchmark(
        name.c_str(), [ask, want](benchmark::State& s) { RunAsk(s, ask, want); });
    Arguments(bench);
    bench->Arg(state);
  };
  for (const State state : {kAllSealed, kOneTargetInHead, kAllInHead}) {
    add("LabelNames", state, Names, 6);
    add("LabelValues/instance", state, Values("instance"), kTargets);
    add("LabelValues/name", state, Values("__name__"), kSeriesPerTarget / 4);
    add("LabelValues/of_metric", state,
        Values("instance", {Matcher::Equal("__name__", "metric_7")}), kTargets);
    add("LabelValues/of_target", state,
        Values("__name__", {Matcher::Equal("instance", "10.0.0.7:9100")}), kSeriesPerTarget / 4);
    add("Series/of_metric", state, Series({Matcher::Equal("__name__", "metric_7")}), 4 * kTargets);
    add("Series/of_target", state, Series({Matcher::Equal("instance", "10.0.0.7:9100")}),
        kSeriesPerTarget);
  }
}
[[maybe_unused]] const bool registered = (RegisterAll(), true);

}  // namespace
}  // namespace firn::engine
