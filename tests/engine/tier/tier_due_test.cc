// When tiers are made: at once where queries gain by them, else before raw samples go.
#include <map>
#include <set>

#include "tests/engine/tier/tier_fixture.h"

namespace firn::engine {
namespace {

constexpr DurationMs kInterval = 30 * kSecondMs;

class TierDueTest : public TierFixture {
 protected:
  TierDueTest() { options_.tier_lead_ms = DatabaseOptions().tier_lead_ms; }

  // One counter that tells its time.
  static MadeSeries Counter(const char* name, TimestampMs end, DurationMs interval) {
    MadeSeries made{.labels = {{"__name__", name}}, .samples = {}, .ht = {}, .h = {}};
    for (TimestampMs t = kStart + 7000; t < end; t += interval) {
      made.samples.push_back({t, static_cast<double>(t - kStart) / 1000});
    }
    return made;
  }
  void WriteDays(int days, DurationMs interval = kInterval) {
    Open();
    Write({Counter("even_total", kStart + days * kDayMs, interval)});
  }
  void Compact() { ASSERT_TRUE(db_->Compact(true).ok()); }

  // By resolution (0: raw samples) the days that are stored, counted from kStart.
  using AllDays = std::map<DurationMs, std::set<int64_t>>;
  AllDays Days() const {
    AllDays days;
    for (const StoredBlock& block : db_->Blocks()) {
      for (TimestampMs t = FloorTo(block.min_time, kDayMs); t < block.max_time; t += kDayMs) {
        days[block.resolution].insert((t - kStart) / kDayMs);
      }
    }
    return days;
  }
};

TEST_F(TierDueTest, ATierThatNoQueryWouldReadWaits) {
  WriteDays(3);
  Compact();
  EXPECT_EQ(Days(), (AllDays{{0, {0, 1, 2}}, {kHourMs, {0, 1, 2}}}));
}

TEST_F(TierDueTest, OneThatIsFasterThanRawSamplesIsMadeAtOnce) {
  WriteDays(2, kSecondMs);
  Compact();
  EXPECT_EQ(Days(), (AllDays{{0, {0, 1}}, {kMinuteMs, {0, 1}}, {kHourMs, {0, 1}}}));
}

// Twelve samples a bucket alone would not pay; thirty windows less to be opened do.
TEST_F(TierDueTest, JoiningIsPartOfWhatATierSaves) {
  WriteDays(2, 5 * kMinuteMs);
  Compact();
  EXPECT_EQ(Days(), (AllDays{{0, {0, 1}}, {kHourMs, {0, 1}}}));
}

TEST_F(TierDueTest, OthersAreMadeBeforeRawSamplesGo) {
  options_.retention_ms = 3 * kDayMs;
  WriteDays(5);
  Compact();
  // Day 0 has gone since its buckets are there; those of days 1 and 2 go within two days.
  EXPECT_EQ(Days(),
            (AllDays{{0, {1, 2, 3, 4}}, {kMinuteMs, {0, 1, 2}}, {kHourMs, {0, 1, 2, 3, 4}}}));
  const auto result = Run({.text = "increase(even_total[1h])",
                           .start = kStart + 2 * kHourMs,
                           .end = kStart + 4 * kDayMs,
                           .step = kMinuteMs});
  ASSERT_EQ(result.matrix.size(), 1u);
  EXPECT_EQ(result.matrix[0].t.size(), static_cast<size_t>((4 * 24 - 2) * 60 + 1));
  for (const double v : result.matrix[0].v) ASSERT_DOUBLE_EQ(v, 3600);
}

TEST_F(TierDueTest, AShorterRetentionMakesThemBeforeItDrops) {
  WriteDays(4);
  Compact();
  options_.retention_ms = 6 * kHourMs;
  Open();
  Compact();
  EXPECT_EQ(Days(), (AllDays{{0, {3}}, {kMinuteMs, {0, 1, 2, 3}}, {kHourMs, {0, 1, 2, 3}}}));
}

TEST_F(TierDueTest, WhatExpiresBeforeRawSamplesDoIsNotMade) {
  options_.retention_ms = 4 * kDayMs;
  options_.tiers = {{kMinuteMs, kDayMs}, {kHourMs, 0}};
  WriteDays(6);
  Compact();
  const AllDays days = Days();
  EXPECT_FALSE(days.contains(kMinuteMs));
  EXPECT_EQ(days.at(0), (std::set<int64_t>{1, 2, 3, 4, 5}));
}

TEST_F(TierDueTest, RawSamplesForEverNeedNoOther) {
  options_.retention_ms = 0;
  options_.tiers = {{kMinuteMs, 0}, {kHourMs, 0}};
  WriteDays(2);
  Compact();
  EXPECT_FALSE(Days().contains(kMinuteMs));
}

// What is dropped by size can go at any time.
TEST_F(TierDueTest, ALimitOfBytesWaitsForNothing) {
  options_.retention_bytes = 1 << 30;
  WriteDays(2);
  Compact();
  EXPECT_EQ(Days().at(kMinuteMs), (std::set<int64_t>{0, 1}));
}

// A deletion before a tier is made is in it.
TEST_F(TierDueTest, ATierThatIsMadeLateHasWhatWasDeletedLeftOut) {
  options_.backfill = true;
  WriteDays(3);
  Write({Counter("secret_total", kStart + 3 * kDayMs, kInterval)});
  Compact();
  ASSERT_TRUE(db_->DeleteSeries({{Matcher::Equal("__name__", "secret_total")}}, {}).ok());
  options_.retention_ms = 6 * kHourMs;
  Open();
  Compact();
  ASSERT_EQ(Days().at(kMinuteMs), (std::set<int64_t>{0, 1, 2}));
  const Query query{.text = "secret_total",
                    .start = kStart + kHourMs,
                    .end = kStart + 3 * kDayMs - kHourMs,
                    .step = kHourMs};
  EXPECT_TRUE(Run(query).matrix.empty());
}

}  // namespace
}  // namespace firn::engine
