// Windows of a tier that were made of many days: answers are those of the days, also when a day is
// made anew, deleted from, or has no raw samples any more.
#include <algorithm>

#include "tests/engine/tier/tier_fixture.h"

namespace firn::engine {
namespace {

constexpr DurationMs kInterval = 5 * kMinuteMs;
// A multiple of 30 days.
constexpr TimestampMs kBegin = 1'700'352'000'000;
constexpr DurationMs kSpan = 37 * kDayMs;

constexpr const char* kTexts[] = {"increase(requests_total[4h])",
                                  "rate(seconds_total[1d])",
                                  "max_over_time(noise[8h])",
                                  "min_over_time(temperature[2d])",
                                  "count_over_time(memory[4h])",
                                  "memory",
                                  "last_over_time(temperature[12h])",
                                  "resets(requests_total[1d])",
                                  "changes(idle_total[8h])",
                                  "rate(native[8h])",
                                  "delta(memory[4h])",
                                  "avg_over_time(memory[4h])",
                                  "sum_over_time(temperature[4h])"};

class TierJoinTest : public TierFixture {
 protected:
  void SetUp() override {
    options_.backfill = true;
    options_.retention_ms = 0;
    // A day of these samples has enough for a bucket of an hour, so that it is chosen.
    options_.tiers = {{4 * kHourMs, 0}};
    Open();
    made_ = MakeSeries(8, kBegin, kBegin + kSpan, kInterval);
    Write(made_);
    Seal();
  }

  std::vector<query::QueryResult> RunAll(std::optional<DurationMs> resolution_max) const {
    std::vector<query::QueryResult> out;
    for (const char* text : kTexts) {
      out.push_back(Run({.text = text,
                         .start = kBegin + kDayMs,
                         .end = kBegin + kSpan - kDayMs,
                         .step = 4 * kHourMs,
                         .resolution_max = resolution_max}));
    }
    return out;
  }

  static void ExpectEqual(const std::vector<query::QueryResult>& want,
                          const std::vector<query::QueryResult>& got, const char* what) {
    SCOPED_TRACE(what);
    for (size_t i = 0; i < std::size(kTexts); ++i) {
      const Difference difference = Compare(want[i], got[i]);
      EXPECT_LT(difference.relative, 1e-9) << kTexts[i] << ": " << difference.where;
      EXPECT_GT(difference.points, 100u) << kTexts[i];
      EXPECT_TRUE(got[i].infos == want[i].infos) << kTexts[i];
    }
  }

  // Windows of tiers, by their length in days.
  std::vector<int64_t> TierDays() const {
    std::vector<int64_t> days;
    for (const StoredBlock& block : db_->Blocks()) {
      if (block.resolution > 0) days.push_back((block.end - block.start) / kDayMs);
    }
    std::sort(days.begin(), days.end());
    return days;
  }

  void DropRaw() {
    options_.retention_ms = 2 * kDayMs;
    Open();
    ASSERT_TRUE(db_->ConfirmTime().ok());
    ASSERT_TRUE(db_->Compact(false).ok());
    ASSERT_LE(Metric("stored_windows"), 12 * 3);
  }

  std::vector<MadeSeries> made_;
};

TEST_F(TierJoinTest, AnswersAreThoseOfTheSamples) {
  const auto raw = RunAll(0);
  ASSERT_TRUE(db_->Compact(false).ok());
  EXPECT_EQ(TierDays(), (std::vector<int64_t>{1, 1, 5, 30}));
  EXPECT_EQ(Metric("tier_joins_total"), 8);
  const auto joined = RunAll(std::nullopt);
  ExpectEqual(raw, joined, "joined");
  EXPECT_LT(joined[0].stats.total_queryable_samples, raw[0].stats.total_queryable_samples / 2);
  Open();
  EXPECT_EQ(TierDays(), (std::vector<int64_t>{1, 1, 5, 30}));
  ExpectEqual(raw, RunAll(std::nullopt), "opened again");
  // Nothing is joined twice.
  ASSERT_TRUE(db_->Compact(false).ok());
  EXPECT_EQ(Metric("tier_joins_total"), 0);
}

TEST_F(TierJoinTest, RawSamplesMayGo) {
  const auto raw = RunAll(0);
  ASSERT_TRUE(db_->Compact(false).ok());
  DropRaw();
  ExpectEqual(raw, RunAll(std::nullopt), "without raw samples");
}

TEST_F(TierJoinTest, ALateDayIsMadeAnewAndJoinedAgain) {
  ASSERT_TRUE(db_->Compact(false).ok());
  std::vector<MadeSeries> late;
  for (const MadeSeries& made : made_) {
    MadeSeries more{.labels = made.labels, .samples = {}, .ht = {}, .h = {}};
    for (const Sample& sample : made.samples) {
      const int64_t day = (sample.t - kBegin) / kDayMs;
      if ((day == 0 || day == 7 || day == 32) && sample.t % 3 == 0) {
        more.samples.push_back({sample.t + 1, sample.v + 1});
      }
    }
    if (!more.samples.empty()) late.push_back(std::move(more));
  }
  Write(late);
  Seal();
  const auto raw = RunAll(0);
  ASSERT_TRUE(db_->Compact(false).ok());
  ExpectEqual(raw, RunAll(std::nullopt), "rebuilt");
  EXPECT_EQ(TierDays(), (std::vector<int64_t>{1, 1, 5, 30}));
  DropRaw();
  ExpectEqual(raw, RunAll(std::nullopt), "rebuilt, without raw samples");
}

TEST_F(TierJoinTest, WhatIsDeletedStaysDeleted) {
  ASSERT_TRUE(db_->Compact(false).ok());
  DropRaw();
  const auto points = [&](const char* metric) {
    const query::QueryResult result = Run({.text = fmt::format("count_over_time({}[4h])", metric),
                                           .start = kBegin + 4 * kHourMs,
                                           .end = kBegin + 30 * kDayMs,
                                           .step = 4 * kHourMs});
    size_t out = 0;
    for (const auto& series : result.matrix) out += series.t.size();
    return out;
  };
  const size_t noise = points("noise");
  const size_t memory = points("memory");
  ASSERT_TRUE(db_->DeleteSeries({{Matcher::Equal("__name__", "memory")}},
                                {kBegin + 9 * kDayMs, kBegin + 12 * kDayMs - 1})
                  .ok());
  const size_t fewer = points("memory");
  EXPECT_LT(fewer, memory);
  EXPECT_GT(fewer, memory / 2);
  EXPECT_EQ(points("noise"), noise);
  ASSERT_TRUE(db_->CleanTombstones().ok());
  Open();
  ASSERT_TRUE(db_->Compact(false).ok());
  EXPECT_EQ(points("memory"), fewer);
  EXPECT_EQ(points("noise"), noise);
}

}  // namespace
}  // namespace firn::engine
