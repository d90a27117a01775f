// Expressions that a query holds several times are evaluated once, and nobody can tell but
// by the time it takes.
#include <atomic>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "query/exec/query_engine.h"
#include "tests/support/memory_store.h"

namespace firn::query {
namespace {

constexpr DurationMs kInterval = 15 * kSecondMs;

// Forty counters c{x, job} and gauges g{x, job}, half an hour of samples each.
firn::testing::MemoryStore MakeStore() {
  std::vector<firn::testing::StoredSeries> all;
  for (size_t i = 0; i < 40; ++i) {
    for (const char* name : {"c", "g"}) {
      firn::testing::StoredSeries one;
      one.labels = Labels::FromPairs(
          {{"__name__", name}, {"job", std::to_string(i % 3)}, {"x", std::to_string(i)}});
      for (size_t k = i % 4; k <= 120; k += 1 + i % 2) {
        one.samples.t.push_back(static_cast<TimestampMs>(k) * kInterval);
        one.samples.v.push_back(static_cast<double>(name[0] == 'c' ? k * i : k * i % 17 + 1) / 7);
      }
      all.push_back(std::move(one));
    }
  }
  firn::testing::MemoryStore store;
  store.Add(all);
  return store;
}

// Hands everything on and counts the selectors.
class CountingQuerier : public engine::Querier {
 public:
  explicit CountingQuerier(const engine::Querier* inner) : inner_(inner) {}
  Result<std::unique_ptr<engine::SeriesSet>> Select(
      const TimeRange& range, const Matchers& matchers,
      const engine::SelectHints& hints) const override {
    ++selects_;
    return inner_->Select(range, matchers, hints);
  }
  Result<std::vector<std::string>> LabelNames(const TimeRange& range, const Matchers& matchers,
                                              size_t limit) const override {
    return inner_->LabelNames(range, matchers, limit);
  }
  Result<std::vector<std::string>> LabelValues(std::string_view name, const TimeRange& range,
                                               const Matchers& matchers,
                                               size_t limit) const override {
    return inner_->LabelValues(name, range, matchers, limit);
  }
  int selects() const { return selects_; }

 private:
  const engine::Querier* inner_;
  mutable std::atomic<int> selects_ = 0;
};

struct Ran {
  QueryResult result;
  int selects = 0;
};

Ran RunOver(const firn::testing::MemoryStore& store, const std::string& text, DurationMs step) {
  QueryRequest request;
  request.text = text;
  request.start = step > 0 ? 5 * kMinuteMs : 30 * kMinuteMs;
  request.end = 30 * kMinuteMs;
  request.step = step;
  request.per_step_stats = true;
  const auto querier = store.NewQuerier();
  const CountingQuerier counting(querier->get());
  auto result = QueryEngine({}, nullptr).Run(request, counting, nullptr);
  EXPECT_TRUE(result.ok()) << text << ": " << result.status().ToString();
  return {.result = result.ok() ? *std::move(result) : QueryResult{},
          .selects = counting.selects()};
}

void ExpectSame(const QueryResult& a, const QueryResult& b) {
  ASSERT_EQ(a.vector.size(), b.vector.size());
  for (size_t i = 0; i < a.vector.size(); ++i) {
    EXPECT_EQ(a.vector[i].labels, b.vector[i].labels);
    EXPECT_EQ(a.vector[i].v, b.vector[i].v);
  }
  ASSERT_EQ(a.matrix.size(), b.matrix.size());
  for (size_t i = 0; i < a.matrix.size(); ++i) {
    EXPECT_EQ(a.matrix[i].labels, b.matrix[i].labels);
    EXPECT_EQ(a.matrix[i].t, b.matrix[i].t);
    EXPECT_EQ(a.matrix[i].v, b.matrix[i].v);
  }
  EXPECT_EQ(a.infos, b.infos);
  EXPECT_EQ(a.warnings, b.warnings);
  EXPECT_EQ(a.stats.total_queryable_samples, b.stats.total_queryable_samples);
  EXPECT_EQ(a.stats.samples_per_step, b.stats.samples_per_step);
}

std::string With(std::string text, const std::string& first, const std::string& further) {
  bool seen = false;
  for (size_t at = 0; (at = text.find('$', at)) != std::string::npos;) {
    const std::string& name = seen ? further : first;
    text.replace(at, 1, name);
    at += name.size();
    seen = true;
  }
  return text;
}

struct Case {
  const char* text;    // Of which the second `$` may be written otherwise.
  const char* metric;  // What `$` stands for.
  int selects;         // Of the text as it is.
  int selects_written_otherwise;
};

// The same text with a matcher that changes nothing is not an equal expression.
TEST(SharedExpressionTest, AreEvaluatedOnceWithTheSameAnswerAndStatistics) {
  const Case cases[] = {
      {"sum(rate($[5m])) / (1 + sum(rate($[5m])))", "c", 1, 2},
      {"$ / ($ + $)", "g", 1, 2},
      {"sum by (job) ($) / ignoring (job) group_left sum($)", "g", 1, 2},
      {"(sum by (job) ($)) + sum by (job) ($) - avg by (job) (g)", "g", 2, 3},
      {"max_over_time(rate($[2m])[10m:1m]) - min_over_time(rate($[2m])[10m:1m])", "c", 1, 2},
      {"rate($[5m] @ end()) * rate($[5m] @ end())", "c", 1, 2},
      {"topk(3, $) unless topk(3, $) > 3", "g", 1, 2},
      {"rate($[5m]) - rate($[5m] offset 1m)", "c", 2, 2},
      {"$ - timestamp($)", "g", 2, 2},
      {"sum(rate($[2m])) + max_over_time(sum(rate($[2m]))[10m:1m])", "c", 2, 2},
      {"absent($ > 1e9) and absent($ > 1e9)", "g", 1, 2},
      {"quantile(2, $) or quantile(2, $)", "g", 1, 2},
  };
  const firn::testing::MemoryStore store = MakeStore();
  for (const Case& c : cases) {
    for (const DurationMs step : {DurationMs{0}, kMinuteMs}) {
      SCOPED_TRACE(c.text + std::string(step > 0 ? " as range" : ""));
      const std::string metric = c.metric;
      const Ran same = RunOver(store, With(c.text, metric, metric), step);
      const Ran other = RunOver(store, With(c.text, metric, metric + R"({y=""})"), step);
      EXPECT_EQ(same.selects, c.selects);
      EXPECT_EQ(other.selects, c.selects_written_otherwise);
      ExpectSame(same.result, other.result);
      EXPECT_FALSE(same.result.vector.empty() && same.result.matrix.empty() &&
                   same.result.infos.empty());
    }
  }
}

// Beyond what is worth keeping, each is read on its own.
TEST(SharedExpressionTest, AreReadAgainIfTheirRowsAreTooMany) {
  std::vector<firn::testing::StoredSeries> all;
  for (size_t i = 0; i < 1'000; ++i) {
    firn::testing::StoredSeries one;
    one.labels = Labels::FromPairs({{"__name__", "g"}, {"x", std::to_string(i)}});
    one.samples.t = {5 * kMinuteMs};
    one.samples.v = {static_cast<double>(i)};
    all.push_back(std::move(one));
  }
  firn::testing::MemoryStore store;
  store.Add(all);
  const Ran many = RunOver(store, "g - g", 150);  // 10,001 steps of 1,000 series.
  EXPECT_EQ(many.selects, 2);
  EXPECT_EQ(many.result.matrix.size(), 1'000u);
  EXPECT_EQ(RunOver(store, "g - g", kMinuteMs).selects, 1);
}

}  // namespace
}  // namespace firn::query
