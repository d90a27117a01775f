#include "engine/tier/merge/sample_filter.h"

#include <gtest/gtest.h>

namespace firn::engine {
namespace {

using Ts = std::vector<TimestampMs>;

Labels Named(const std::string& name) { return Labels::FromPairs({{"__name__", name}}); }
Matchers Name(const std::string& name) { return {Matcher::Equal("__name__", name)}; }

std::shared_ptr<const Tombstone> Deleted(const std::string& name, TimeRange range) {
  return std::make_shared<const Tombstone>(
      Tombstone{.number = 1, .matchers = Name(name), .range = range});
}

TEST(SampleFilterTest, JoinsRanges) {
  EXPECT_EQ(JoinRanges({{5, 9}, {1, 2}, {3, 3}, {8, 12}, {20, 21}}),
            (TimeRanges{{1, 3}, {5, 12}, {20, 21}}));
  EXPECT_EQ(JoinRanges({{kMinTimestamp, 5}, {kMinTimestamp, 3}, {7, kMaxTimestamp}}),
            (TimeRanges{{kMinTimestamp, 5}, {7, kMaxTimestamp}}));
}

TEST(SampleFilterTest, HidesWhatTombstonesSay) {
  SampleFilter filter;
  EXPECT_FALSE(filter.Affects({0, 100}));
  filter.AddTombstone(Deleted("a", {10, 20}));
  filter.AddTombstone(Deleted("a", {15, 30}));
  filter.AddTombstone(Deleted("b", {40, 50}));
  EXPECT_TRUE(filter.Affects({0, 100}));
  EXPECT_FALSE(filter.Affects({31, 39}));
  EXPECT_EQ(filter.Hidden(Named("a")), (TimeRanges{{10, 30}}));
  EXPECT_EQ(filter.Hidden(Named("c")), TimeRanges());
  EXPECT_TRUE(filter.HidesAll(Named("a"), {12, 28}));
  EXPECT_FALSE(filter.HidesAll(Named("a"), {12, 31}));
}

TEST(SampleFilterTest, TheFirstRuleThatMatchesDecides) {
  SampleFilter filter;
  filter.AddRule(Name("kept"), kMinTimestamp);
  filter.AddRule(Name("debug"), 80);
  filter.AddRule({*Matcher::Create(MatchType::kRegex, "__name__", "debug.*")}, 90);
  filter.HideBefore(50);
  EXPECT_EQ(filter.Hidden(Named("kept")), TimeRanges());
  EXPECT_EQ(filter.Hidden(Named("debug")), (TimeRanges{{kMinTimestamp, 79}}));
  EXPECT_EQ(filter.Hidden(Named("debug_2")), (TimeRanges{{kMinTimestamp, 89}}));
  EXPECT_EQ(filter.Hidden(Named("other")), (TimeRanges{{kMinTimestamp, 49}}));
  EXPECT_TRUE(filter.Affects({89, 200}));
  EXPECT_FALSE(filter.Affects({90, 200}));
}

TEST(SampleFilterTest, RemovesTimesOfBothKinds) {
  const auto h = std::make_shared<const FloatHistogram>();
  SampleColumns columns;
  columns.t = {1, 2, 3, 10, 11, 20};
  columns.v = {1, 2, 3, 10, 11, 20};
  columns.st = {0, 1, 2, 9, 10, 19};
  columns.ht = {4, 12, 30};
  columns.h = {h, h, nullptr};
  RemoveTimes({{2, 4}, {11, 12}}, &columns);
  EXPECT_EQ(columns.t, (Ts{1, 10, 20}));
  EXPECT_EQ(columns.v, (std::vector<double>{1, 10, 20}));
  EXPECT_EQ(columns.st, (Ts{0, 9, 19}));
  EXPECT_EQ(columns.ht, Ts{30});
  EXPECT_EQ(columns.h, std::vector<HistogramPtr>{nullptr});
  RemoveTimes({}, &columns);
  RemoveTimes({{kMinTimestamp, kMaxTimestamp}}, &columns);
  EXPECT_TRUE(columns.empty());
}

}  // namespace
}  // namespace firn::engine
