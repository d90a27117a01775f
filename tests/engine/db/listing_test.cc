// What lists series and labels without reading samples: limits, and windows beside a head that
// knows series of which it holds nothing.
#include <array>
#include <optional>
#include <string>
#include <vector>

#include "engine/db/database.h"
#include "tests/engine/db/fixture.h"

namespace firn::engine {
namespace {

using Strings = std::vector<std::string>;

class ListingTest : public DatabaseFixture {
 protected:
  ListingTest() {
    options_.head_window_ms = 1000;
    options_.future_ms = 0;
    options_.backfill = true;
    Open();
  }

  void Write(const std::string& instance, TimestampMs t, const std::string& extra = "") {
    auto appender = db_->NewAppender();
    ASSERT_TRUE(appender.ok());
    std::vector<LabelView> labels = {{"__name__", "m"}, {"instance", instance}};
    if (!extra.empty()) labels.push_back({extra, "x"});
    const auto series = (*appender)->Series(labels);
    ASSERT_TRUE(series.ok()) << series.status().ToString();
    ASSERT_TRUE((*appender)->Append(*series, std::array{Sample{t, 1}}).ok());
    ASSERT_TRUE((*appender)->Commit().ok());
  }
  void Seal() { ASSERT_TRUE(db_->Seal().ok()); }

  Strings Values(const TimeRange& range, size_t limit = 0, const Matchers& matchers = {}) {
    return *(*db_->NewQuerier())->LabelValues("instance", range, matchers, limit);
  }
  Strings Names(const TimeRange& range, size_t limit = 0) {
    return *(*db_->NewQuerier())->LabelNames(range, {}, limit);
  }
  // Instances in label order, or why not.
  Result<Strings> Series(const TimeRange& range, std::optional<uint64_t> series_max,
                         bool labels_only) {
    SelectHints hints;
    hints.series_max = series_max;
    hints.labels_only = labels_only;
    const auto querier = *db_->NewQuerier();
    FIRN_ASSIGN_OR_RETURN(const auto set, querier->Select(range, {}, hints));
    Strings out;
    for (size_t i = 0; i < set->size(); ++i) out.emplace_back(set->labels(i).Get("instance"));
    return out;
  }
};

TEST_F(ListingTest, ValuesAndNamesComeFromWindowsAndHeadOnce) {
  Write("a", 100, "old");
  Write("b", 150);
  Seal();
  Write("b", 1200);
  Write("c", 1200, "new");
  // Sealed times, those of the head, both; the head knows all series all the time.
  EXPECT_EQ(Values({0, 500}), (Strings{"a", "b"}));
  EXPECT_EQ(Names({0, 500}), (Strings{"__name__", "instance", "old"}));
  EXPECT_EQ(Values({1000, 1500}), (Strings{"b", "c"}));
  EXPECT_EQ(Names({1000, 1500}), (Strings{"__name__", "instance", "new"}));
  EXPECT_EQ(Values({}), (Strings{"a", "b", "c"}));
  EXPECT_EQ(Names({}), (Strings{"__name__", "instance", "new", "old"}));
  EXPECT_EQ(Values({2000, 3000}), Strings());
  EXPECT_EQ(Names({2000, 3000}), Strings());
  EXPECT_EQ(Values({}, 2), (Strings{"a", "b"}));
  EXPECT_EQ(Names({}, 3), (Strings{"__name__", "instance", "new"}));
  EXPECT_EQ(Values({}, 0, {Matcher::Equal("old", "x")}), (Strings{"a"}));
  // Twice, since windows keep what they were asked for.
  EXPECT_EQ(Values({}), (Strings{"a", "b", "c"}));
  EXPECT_EQ(Values({0, 500}), (Strings{"a", "b"}));
}

TEST_F(ListingTest, WhatIsDeletedOrComesLateIsNotHiddenByWhatIsKept) {
  Write("a", 100);
  Write("b", 150);
  Seal();
  EXPECT_EQ(Values({0, 500}), (Strings{"a", "b"}));
  ASSERT_TRUE(db_->DeleteSeries({Matchers{Matcher::Equal("instance", "a")}}, {}).ok());
  EXPECT_EQ(Values({0, 500}), (Strings{"b"}));
  Write("c", 200);
  EXPECT_EQ(Values({0, 500}), (Strings{"b", "c"}));
  Seal();
  EXPECT_EQ(Values({0, 500}), (Strings{"b", "c"}));
  ASSERT_TRUE(db_->CleanTombstones().ok());
  ASSERT_TRUE(db_->Compact(true).ok());
  EXPECT_EQ(Values({0, 500}), (Strings{"b", "c"}));
  Open();
  EXPECT_EQ(Values({0, 500}), (Strings{"b", "c"}));
}

TEST_F(ListingTest, WithoutSamplesTheSameSeriesAreListed) {
  Write("a", 100);
  Write("c", 150);
  Seal();
  Write("b", 1100);
  Write("c", 1100);
  for (const TimeRange& range : {TimeRange{}, TimeRange{0, 500}, TimeRange{1000, 1500}}) {
    EXPECT_EQ(*Series(range, {}, true), *Series(range, {}, false));
  }
  EXPECT_EQ(*Series({}, {}, true), (Strings{"a", "b", "c"}));
}

TEST_F(ListingTest, MoreSeriesThanTheLimitAreRefusedWhereverTheyAre) {
  const auto expect_limit = [&](const TimeRange& range, uint64_t series) {
    for (const bool labels_only : {false, true}) {
      EXPECT_EQ(Series(range, series, labels_only)->size(), series);
      const auto refused = Series(range, series - 1, labels_only);
      EXPECT_EQ(refused.status().code(), StatusCode::kResourceExhausted);
    }
  };
  for (const char* instance : {"a", "b", "c"}) Write(instance, 100);
  expect_limit({}, 3);  // In the head,
  Seal();
  expect_limit({}, 3);  // ... in one window,
  Write("d", 1100);
  Seal();
  expect_limit({}, 4);  // ... in two, neither of which has them all,
  Write("e", 2100);
  Write("a", 2100);
  expect_limit({}, 5);            // ... and in windows and head.
  expect_limit({2000, 2500}, 2);  // Those that have nothing there do not count,
  ASSERT_TRUE(db_->DeleteSeries({Matchers{Matcher::Equal("instance", "b")}}, {0, 500}).ok());
  expect_limit({0, 500}, 2);  // ... nor those that are deleted.
}

}  // namespace
}  // namespace firn::engine
