#include "tools/capacity/history/limit_index.h"

#include <random>

#include <gtest/gtest.h>

namespace firn::tools {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

HistorySeries Limit(Pairs pairs) {
  return {.labels = Labels::FromPairs(std::move(pairs)), .values = {}};
}

// The definition, without an index: null for none, `*tie` if several share the most labels.
const HistorySeries* Slowly(const std::vector<HistorySeries>& limits, const Labels& series,
                            bool* tie) {
  const HistorySeries* best = nullptr;
  int best_shared = -1;
  *tie = false;
  for (const HistorySeries& limit : limits) {
    int shared = 0;
    for (const auto& label : limit.labels) {
      if (label.name == kMetricName || !series.Has(label.name)) continue;
      shared = series.Get(label.name) == label.value && shared >= 0 ? shared + 1 : -1;
      if (shared < 0) break;
    }
    if (shared < 0) continue;
    if (shared == best_shared) *tie = true;
    if (shared > best_shared) {
      best = &limit;
      best_shared = shared;
      *tie = false;
    }
  }
  return best;
}

TEST(LimitIndexTest, TakesTheLimitThatSharesTheMostLabels) {
  const std::vector<HistorySeries> limits = {
      Limit({{"__name__", "size"}, {"host", "a"}}),
      Limit({{"__name__", "size"}, {"host", "a"}, {"disk", "1"}}),
      Limit({{"__name__", "size"}, {"host", "b"}})};
  LimitIndex index(limits);
  const auto find = [&](Pairs pairs) { return *index.Find(Labels::FromPairs(std::move(pairs))); };
  EXPECT_EQ(find({{"__name__", "used"}, {"host", "a"}, {"disk", "1"}}), &limits[1]);
  EXPECT_EQ(find({{"__name__", "used"}, {"host", "a"}, {"disk", "2"}}), &limits[0]);
  EXPECT_EQ(find({{"host", "b"}, {"disk", "1"}}), &limits[2]);
  EXPECT_EQ(find({{"host", "c"}}), nullptr);
  EXPECT_EQ(index.Find(Labels()).status().code(), StatusCode::kInvalidArgument);
}

TEST(LimitIndexTest, WithoutLimitsThereIsNone) {
  const std::vector<HistorySeries> limits;
  EXPECT_EQ(*LimitIndex(limits).Find(Labels::FromPairs({{"a", "1"}})), nullptr);
}

TEST(LimitIndexTest, FindsWhatComparingWithAllFinds) {
  std::mt19937_64 rng(5);
  const auto random_labels = [&] {
    Pairs pairs = {{"always", std::to_string(rng() % 3)}};
    for (const char* name : {"a", "b", "c"}) {
      if (rng() % 3 > 0) pairs.emplace_back(name, std::to_string(rng() % 2));
    }
    if (rng() % 4 == 0) pairs.erase(pairs.begin());
    return pairs;
  };
  size_t found = 0;
  size_t ties = 0;
  for (int round = 0; round < 300; ++round) {
    std::vector<HistorySeries> limits;
    for (uint64_t i = 0; i < 1 + rng() % 8; ++i) limits.push_back(Limit(random_labels()));
    LimitIndex index(limits);
    for (int i = 0; i < 10; ++i) {
      const Labels series = Labels::FromPairs(random_labels());
      bool tie = false;
      const HistorySeries* wanted = Slowly(limits, series, &tie);
      const auto got = index.Find(series);
      ASSERT_EQ(got.ok(), !tie) << series.ToString();
      if (got.ok()) {
        ASSERT_EQ(*got, wanted) << series.ToString();
      }
      found += wanted != nullptr && !tie;
      ties += tie;
    }
  }
  EXPECT_GT(found, 300u);
  EXPECT_GT(ties, 100u);
}

}  // namespace
}  // namespace firn::tools
