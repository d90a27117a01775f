// Bytes that a query may hold: counted as they are taken, given back in any case.
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/query/exec/counters.h"

namespace firn::query {
namespace {

using ::testing::HasSubstr;

// Each holds more than a megabyte at once in a way of its own; 241 steps of 1000 series.
const std::vector<std::string>& HungryQueries() {
  static const std::vector<std::string> queries = {
      "m_total",                                      // The answer.
      "m_total[1h]",                                  // ... to an instant query.
      "m_total + on (instance) m_total offset 1m",    // Both sides of a match.
      "topk by (instance) (1, m_total)",              // What is ranked.
      "quantile by (job) (0.5, m_total)",             // What is sorted.
      "sum by (instance) (m_total)",                  // One group for each series.
      "count_values by (instance) (\"v\", m_total)",  // A series for each value.
      "histogram_quantile(0.5, label_replace(m_total, \"le\", \"+Inf\", \"\", \"\"))",
      "m_total and on (instance) m_total",
      "m_total or on (instance) m_total",
      "count_over_time(vector(1)[1h:1ms])",  // A long row.
  };
  return queries;
}

QueryRequest RequestFor(const std::string& text) {
  return text.ends_with("[1h]") ? Instant(text) : Range(text);
}

TEST(QueryMemoryTest, EndsQueriesThatHoldTooMuch) {
  const auto store = MakeStore(1000);
  EngineOptions options;
  options.memory_max = 1 << 20;
  for (const std::string& text : HungryQueries()) {
    const auto result = RunQuery(options, RequestFor(text), store);
    ASSERT_FALSE(result.ok()) << text;
    EXPECT_EQ(result.status().code(), StatusCode::kResourceExhausted) << text;
    EXPECT_THAT(std::string(result.status().message()),
                HasSubstr("would exceed the 1048576 bytes of memory for this query"))
        << text;
  }
}

TEST(QueryMemoryTest, LetsQueriesPassThatHoldLittleOfMuch) {
  const auto store = MakeStore(1000);
  EngineOptions options;
  options.memory_max = 1 << 20;
  for (const char* text : {"sum by (job) (rate(m_total[5m]))", "max(m_total)", "m_total{job=\"1\"}",
                           "max_over_time(sum(m_total)[1h:1m])"}) {
    const auto result = RunQuery(options, Range(text), store);
    EXPECT_TRUE(result.ok()) << text << ": " << result.status().ToString();
  }
}

TEST(QueryMemoryTest, GivesEverythingBack) {
  const auto store = MakeStore(200);
  MemoryBudget all("all queries", 0);
  ThreadPool pool(2, "test");
  for (const uint64_t limit : {uint64_t{0}, uint64_t{100'000}}) {
    EngineOptions options;
    options.memory = &all;
    options.memory_max = limit;
    for (const std::string& text : HungryQueries()) {
      {
        const auto result = RunQuery(options, RequestFor(text), store, &pool);
        EXPECT_EQ(result.ok(), limit == 0) << text << ": " << result.status().ToString();
      }
      EXPECT_EQ(all.used(), 0u) << text;
    }
  }
}

TEST(QueryMemoryTest, AnswersCountForAsLongAsTheyLive) {
  const auto store = MakeStore(100);
  MemoryBudget all("all queries", 0);
  EngineOptions options;
  options.memory = &all;
  const auto large = RunQuery(options, Range("m_total"), store);
  ASSERT_TRUE(large.ok());
  const uint64_t points = 100 * 241;
  EXPECT_GE(all.used(), points * 16);
  EXPECT_LE(all.used(), points * 16 + 100 * 500);
  EXPECT_GT(large->stats.peak_bytes, all.used());
  const uint64_t before = all.used();
  const auto small = RunQuery(options, Range("sum(m_total)"), store);
  ASSERT_TRUE(small.ok());
  EXPECT_LE(all.used() - before, 241u * 16 + 500);
}

TEST(QueryMemoryTest, QueriesShareWhatThereIs) {
  const auto store = MakeStore(100);
  MemoryBudget all("all queries", 1 << 20);
  EngineOptions options;
  options.memory = &all;
  std::vector<QueryResult> answers;
  Status refused;
  for (int i = 0; i < 10 && refused.ok(); ++i) {
    auto result = RunQuery(options, Range("m_total"), store);
    if (result.ok()) {
      answers.push_back(*std::move(result));
    } else {
      refused = result.status();
    }
  }
  EXPECT_EQ(answers.size(), 2u);
  EXPECT_THAT(std::string(refused.message()), HasSubstr("bytes of memory for all queries"));
  // Not the query's fault: it may be tried again.
  EXPECT_EQ(refused.code(), StatusCode::kUnavailable);
  answers.clear();
  EXPECT_TRUE(RunQuery(options, Range("m_total"), store).ok());
}

}  // namespace
}  // namespace firn::query
