// Deletions and rules of retention over tiers, before and after raw samples are gone.
#include "tests/engine/tier/tier_fixture.h"

namespace firn::engine {
namespace {

class TierDeletionTest : public TierFixture {
 protected:
  void SetUp() override {
    Open();
    Write(MakeSeries(7, kStart, kStart + 2 * kDayMs, 30 * kSecondMs));
    ASSERT_TRUE(db_->Compact(true).ok());
  }
  void DropRaw() {
    options_.retention_ms = 6 * kHourMs;
    options_.tiers = {{kMinuteMs, 0}, {kHourMs, 0}};
    options_.background_interval_ms = 1;
    Open();
    AwaitStoredWindows(1);
  }
  void Delete(const char* metric, TimeRange range) {
    ASSERT_TRUE(db_->DeleteSeries({{Matcher::Equal("__name__", metric)}}, range).ok());
  }
  // Series and points that a count over all of both days has.
  std::pair<size_t, size_t> Found(const std::string& metric) const {
    const query::QueryResult result = Run({.text = "count_over_time(" + metric + "[1h])",
                                           .start = kStart + kHourMs,
                                           .end = kStart + 2 * kDayMs - 7 * kHourMs,
                                           .step = kHourMs});
    size_t points = 0;
    for (const auto& series : result.matrix) points += series.t.size();
    return {result.matrix.size(), points};
  }
};

TEST_F(TierDeletionTest, HidesAtOnceAndStaysHiddenWithoutRaw) {
  const auto noise = Found("noise");
  ASSERT_GT(noise.second, 30u);
  ASSERT_GT(Found("memory").second, 30u);
  Delete("memory", {});
  EXPECT_EQ(Found("memory").first, 0u);
  Open();
  EXPECT_EQ(Found("memory").first, 0u);
  DropRaw();
  EXPECT_EQ(Found("memory").first, 0u);
  EXPECT_EQ(Found("noise"), noise);
}

TEST_F(TierDeletionTest, CleaningKeepsWhatIsHiddenHiddenAndTheRestAsItWas) {
  const auto noise = Found("noise");
  Delete("memory", {});
  ASSERT_TRUE(db_->CleanTombstones().ok());
  EXPECT_EQ(Metric("tombstones"), 0);
  EXPECT_EQ(Found("memory").first, 0u);
  EXPECT_EQ(Found("noise"), noise);
  Open();
  DropRaw();
  EXPECT_EQ(Found("memory").first, 0u);
  EXPECT_EQ(Found("noise"), noise);
}

TEST_F(TierDeletionTest, DeletesFromTiersThatAreAllThatIsLeft) {
  DropRaw();
  const auto noise = Found("noise");
  const auto all = Found("memory");
  // From one full hour to another: the buckets of 5 hours.
  Delete("memory", {kStart + 10 * kHourMs, kStart + 15 * kHourMs - 1});
  const auto fewer = Found("memory");
  EXPECT_LT(fewer.second, all.second);
  EXPECT_EQ(Found("noise"), noise);
  const query::QueryResult gap = Run({.text = "count_over_time(memory[1h])",
                                      .start = kStart + 11 * kHourMs,
                                      .end = kStart + 14 * kHourMs,
                                      .step = kHourMs});
  EXPECT_TRUE(gap.matrix.empty());
  ASSERT_TRUE(db_->CleanTombstones().ok());
  EXPECT_EQ(Found("memory"), fewer);
  Open();
  EXPECT_EQ(Found("memory"), fewer);
  Delete("memory", {});
  EXPECT_EQ(Found("memory").first, 0u);
  EXPECT_EQ(Found("noise"), noise);
}

TEST_F(TierDeletionTest, RulesOfRetentionHoldForTiersToo) {
  const auto noise = Found("noise");
  options_.retention_rules = {
      {.matchers = {Matcher::Equal("__name__", "memory")}, .keep_ms = kHourMs}};
  Open();
  EXPECT_EQ(Found("memory").first, 0u);
  EXPECT_EQ(Found("noise"), noise);
  DropRaw();
  EXPECT_EQ(Found("memory").first, 0u);
  EXPECT_EQ(Found("noise"), noise);
}

}  // namespace
}  // namespace firn::engine
