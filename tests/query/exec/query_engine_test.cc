#include "query/exec/query_engine.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/query/exec/counters.h"

namespace firn::query {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

// Nested, they would take all memory, or more than a label can hold.
TEST(QueryEngineTest, LabelFunctionsDoNotMakeValuesOfAnyLength) {
  const firn::testing::MemoryStore store = MakeStore(1);
  const std::string base =
      R"(label_replace(m_total, "a", ")" + std::string(10'000, 'x') + R"(", "", ""))";
  std::string join = base;
  std::string replace = base;
  std::string sources;
  std::string groups;
  for (int i = 0; i < 40; ++i) {
    sources += R"(, "a")";
    groups += "$1";
  }
  join = "label_join(" + join + R"(, "a", "")" + sources + ")";
  replace = "label_replace(" + replace + R"(, "a", ")" + groups + R"re(", "a", "(.*)"))re";
  // 400,000 bytes are fine, 16,000,000 are not.
  for (std::string text : {join, replace}) {
    const auto once = RunQuery({}, Instant(text), store);
    ASSERT_TRUE(once.ok()) << once.status().ToString();
  }
  join = "label_join(" + join + R"(, "a", "")" + sources + ")";
  replace = "label_replace(" + replace + R"(, "a", ")" + groups + R"re(", "a", "(.*)"))re";
  for (const std::string& text : {join, replace}) {
    const auto twice = RunQuery({}, Instant(text), store);
    ASSERT_FALSE(twice.ok());
    EXPECT_EQ(twice.status().code(), StatusCode::kEvaluation);
    EXPECT_THAT(std::string(twice.status().message()), HasSubstr("values of label \"a\" grow"));
  }
}

TEST(QueryEngineTest, RejectsMorePointsThanTheLimit) {
  const auto store = MakeStore(1);
  EXPECT_TRUE(RunQuery({}, Range("1", 11'000'000, 1000), store).ok());
  const auto result = RunQuery({}, Range("1", 11'001'000, 1000), store);
  EXPECT_EQ(ErrorKind(result.status()), QueryErrorKind::kBadData);
  EXPECT_EQ(result.status().message(),
            "exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the "
            "query resolution (?step=XX)");
}

TEST(QueryEngineTest, RejectsRangeVectorsAsRangeQueries) {
  const auto result = RunQuery({}, Range("m_total[5m]"), MakeStore(1));
  EXPECT_EQ(ErrorKind(result.status()), QueryErrorKind::kBadData);
  EXPECT_EQ(result.status().message(),
            "invalid expression type \"range vector\" for range query, must be Scalar or instant "
            "Vector");
}

TEST(QueryEngineTest, NamesParseErrorsByPosition) {
  const auto result = RunQuery({}, Instant("sum(", 0), MakeStore(1));
  EXPECT_EQ(ErrorKind(result.status()), QueryErrorKind::kBadData);
  EXPECT_THAT(std::string(result.status().message()), HasSubstr("parse error"));
}

TEST(QueryEngineTest, EndsWhenTooManySamplesAreHeld) {
  EngineOptions options;
  options.samples_max = 100;
  const auto result = RunQuery(options, Range("m_total"), MakeStore(10));
  EXPECT_EQ(ErrorKind(result.status()), QueryErrorKind::kExecution);
  EXPECT_EQ(result.status().message(),
            "query processing would load too many samples into memory in query execution");
}

TEST(QueryEngineTest, EndsWhenSelectorsMatchTooManySeriesTogether) {
  const auto store = MakeStore(10);
  EngineOptions options;
  options.series_max = 20;
  for (const char* fits :
       {"m_total", "m_total + m_total offset 1m", "sum(rate(m_total[5m])) / 2"}) {
    EXPECT_TRUE(RunQuery(options, Instant(fits), store).ok()) << fits;
  }
  options.series_max = 19;
  for (const char* text : {"m_total + m_total offset 1m", "sum(m_total) / sum(rate(m_total[5m]))",
                           "sum(max_over_time(m_total[5m:1m])) + sum(m_total)"}) {
    const auto result = RunQuery(options, Instant(text), store);
    EXPECT_EQ(ErrorKind(result.status()), QueryErrorKind::kExecution) << text;
    EXPECT_EQ(result.status().message(),
              "query matches more than 19 series; use narrower label matchers");
  }
}

// Refuses by itself, with words of its own, what is more than it was told.
class RefusingQuerier : public engine::Querier {
 public:
  explicit RefusingQuerier(const engine::Querier* inner) : inner_(*inner) {}
  Result<std::unique_ptr<engine::SeriesSet>> Select(
      const TimeRange& range, const Matchers& matchers,
      const engine::SelectHints& hints) const override {
    limits_.push_back(hints.series_max.value_or(0));
    FIRN_ASSIGN_OR_RETURN(auto set, inner_.Select(range, matchers, hints));
    if (hints.series_max && set->size() > *hints.series_max) return ResourceExhausted("too many");
    return set;
  }
  Result<std::vector<std::string>> LabelNames(const TimeRange& range, const Matchers& matchers,
                                              size_t limit) const override {
    return inner_.LabelNames(range, matchers, limit);
  }
  Result<std::vector<std::string>> LabelValues(std::string_view name, const TimeRange& range,
                                               const Matchers& matchers,
                                               size_t limit) const override {
    return inner_.LabelValues(name, range, matchers, limit);
  }
  const std::vector<uint64_t>& limits() const { return limits_; }

 private:
  const engine::Querier& inner_;
  mutable std::vector<uint64_t> limits_;
};

TEST(QueryEngineTest, TellsTheStoreHowManySeriesAreLeft) {
  const auto store = MakeStore(10);
  const auto inner = *store.NewQuerier();
  EngineOptions options;
  options.series_max = 25;
  const QueryEngine engine(options, nullptr);
  const RefusingQuerier fits(inner.get());
  ASSERT_TRUE(engine.Run(Instant("m_total + rate(m_total[5m])"), fits, nullptr).ok());
  EXPECT_THAT(fits.limits(), ElementsAre(25, 15));
  const RefusingQuerier querier(inner.get());
  const auto result =
      engine.Run(Instant("m_total + rate(m_total[5m]) + m_total offset 1m"), querier, nullptr);
  EXPECT_THAT(querier.limits(), ElementsAre(25, 15, 5));
  EXPECT_EQ(ErrorKind(result.status()), QueryErrorKind::kExecution);
  EXPECT_EQ(result.status().message(),
            "query matches more than 25 series; use narrower label matchers");
}

TEST(QueryEngineTest, EndsWhenCancelled) {
  const std::atomic<bool> cancelled{true};
  const auto result = RunQuery({}, Instant("m_total"), MakeStore(1), nullptr, &cancelled);
  EXPECT_EQ(ErrorKind(result.status()), QueryErrorKind::kCanceled);
  EXPECT_THAT(std::string(result.status().message()), StartsWith("query was canceled in"));
}

TEST(QueryEngineTest, EndsWhenOutOfTime) {
  EngineOptions options;
  options.timeout = 0;
  const auto result = RunQuery(options, Instant("m_total"), MakeStore(1));
  EXPECT_EQ(ErrorKind(result.status()), QueryErrorKind::kTimeout);
  EXPECT_THAT(std::string(result.status().message()), StartsWith("query timed out in"));
}

TEST(QueryEngineTest, AmbiguousMatchIsAnExecutionError) {
  const auto result = RunQuery({}, Instant("m_total * on(job) m_total"), MakeStore(8));
  EXPECT_EQ(ErrorKind(result.status()), QueryErrorKind::kExecution);
  EXPECT_THAT(std::string(result.status().message()),
              StartsWith("found duplicate series for the match group {job=\"0\"}"));
}

TEST(QueryEngineTest, YieldsTheSameWithAnyNumberOfThreads) {
  const auto store = MakeStore(1000);
  ThreadPool pool(4, "test");
  for (const char* text :
       {"sum by (job) (rate(m_total[5m]))", "avg(m_total)", "m_total / on(instance) m_total",
        "topk(3, m_total)", "m_total and on(job) m_total{instance=~\"1.\"}"}) {
    const auto alone = RunQuery({}, Range(text), store);
    const auto together = RunQuery({}, Range(text), store, &pool);
    ASSERT_TRUE(alone.ok() && together.ok()) << text;
    ASSERT_EQ(alone->matrix.size(), together->matrix.size()) << text;
    for (size_t i = 0; i < alone->matrix.size(); ++i) {
      EXPECT_EQ(alone->matrix[i].labels, together->matrix[i].labels) << text;
      EXPECT_EQ(alone->matrix[i].t, together->matrix[i].t) << text;
      EXPECT_EQ(alone->matrix[i].v, together->matrix[i].v) << text;  // Bit for bit.
    }
  }
}

TEST(QueryEngineTest, DropsNamesAtOnceOrLate) {
  const auto store = MakeStore(1);
  const auto request =
      Instant("label_replace(rate(m_total[5m]), \"from\", \"$1\", \"__name__\", \"(.*)\")");
  const auto at_once = RunQuery({}, request, store);
  ASSERT_TRUE(at_once.ok());
  EXPECT_EQ(at_once->vector[0].labels.ToString(), "{instance=\"0\", job=\"0\"}");
  EngineOptions late;
  late.delayed_name_removal = true;
  const auto delayed = RunQuery(late, request, store);
  ASSERT_TRUE(delayed.ok());
  EXPECT_EQ(delayed->vector[0].labels.Get("from"), "m_total");
  EXPECT_FALSE(delayed->vector[0].labels.Has("__name__"));
}

TEST(QueryEngineTest, WarningsCarryKindAndPosition) {
  const auto result = RunQuery({}, Instant("quantile(2, m_total)"), MakeStore(1));
  ASSERT_TRUE(result.ok());
  EXPECT_THAT(
      result->warnings,
      ElementsAre("PromQL warning: quantile value should be between 0 and 1, got 2 (1:10)"));
}

TEST(QueryEngineTest, TypesAsLabelsDecideWhatIsACounter) {
  EngineOptions options;
  options.type_and_unit_labels = true;
  const auto result = RunQuery(options, Instant("rate(m_total[5m])"), MakeStore(1));
  ASSERT_TRUE(result.ok());
  EXPECT_THAT(result->infos, ElementsAre("PromQL info: metric might not be a counter, __type__ "
                                         "label is not set to \"counter\" or \"histogram\", got "
                                         "\"\": \"m_total\" (1:6)"));
}

TEST(QueryEngineTest, CountsWhatEveryWindowSees) {
  QueryRequest request = Range("rate(m_total[1m])", 2 * kMinuteMs, kMinuteMs);
  request.per_step_stats = true;
  const auto result = RunQuery({}, request, MakeStore(2));
  ASSERT_TRUE(result.ok());
  EXPECT_THAT(result->stats.samples_per_step, ElementsAre(2, 8, 8));
  EXPECT_EQ(result->stats.total_queryable_samples, 18u);
}

TEST(QueryEngineTest, ExtendedWindowHasAPointAtEachEdge) {
  EngineOptions options;
  options.parser.extended_range_selectors = true;
  const auto result =
      RunQuery(options, Instant("m_total[20s] smoothed", 40 * kSecondMs), MakeStore(1));
  ASSERT_TRUE(result.ok());
  ASSERT_EQ(result->matrix.size(), 1u);
  EXPECT_THAT(result->matrix[0].t, ElementsAre(20'000, 30'000, 40'000));
}

TEST(QueryEngineTest, SurvivesDeepNesting) {
  std::string text = "m_total";
  for (int i = 0; i < 150; ++i) text = "abs(" + text + ")";
  EXPECT_TRUE(RunQuery({}, Instant(text), MakeStore(1)).ok());
}

TEST(QueryEngineParseTest, KeepsTreesOfRecentTexts) {
  const QueryEngine engine({});
  const auto first = engine.Parse("sum(rate(a{b=~\"x|y\"}[5m]))");
  ASSERT_TRUE(first.ok());
  EXPECT_EQ(*engine.Parse("sum(rate(a{b=~\"x|y\"}[5m]))"), *first);
  EXPECT_NE(*engine.Parse("sum(rate(a{b=~\"x|z\"}[5m]))"), *first);
  // Whose memory has a limit of its own.
  const auto compiled = engine.Parse("a{b=~\"x.y\"}");
  ASSERT_TRUE(compiled.ok());
  EXPECT_NE(*engine.Parse("a{b=~\"x.y\"}"), *compiled);
  EXPECT_EQ(engine.Parse("sum(").status().message(), engine.Parse("sum(").status().message());
  for (int i = 0; i < 1000; ++i) EXPECT_TRUE(engine.Parse("a + " + std::to_string(i)).ok());
  EXPECT_NE(*engine.Parse("sum(rate(a{b=~\"x|y\"}[5m]))"), *first);
}

}  // namespace
}  // namespace firn::query
