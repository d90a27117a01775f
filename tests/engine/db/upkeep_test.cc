// Merging, deletion and rules of retention over raw samples.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>

#include "tests/engine/db/fixture.h"

namespace firn::engine {
namespace {

using Ts = std::vector<TimestampMs>;

class UpkeepTest : public DatabaseFixture {
 protected:
  UpkeepTest() {
    options_.head_window_ms = 1000;
    options_.out_of_order_ms = 500;
    options_.future_ms = 0;
    options_.backfill = true;
    options_.retention_ms = 0;
    options_.tiers.clear();
    options_.merge_widths_ms = {4000, 16'000};
  }

  void Write(const std::string& instance, const std::vector<Sample>& samples) {
    auto appender = *db_->NewAppender();
    const std::vector<LabelView> labels = {{"__name__", "m"}, {"instance", instance}};
    const SeriesRef ref = *appender->Series(labels);
    for (const Sample& sample : samples) {
      const Status status = appender->Append(ref, {&sample, 1});
      ASSERT_TRUE(status.ok()) << status.ToString();
    }
    ASSERT_TRUE(appender->Commit().ok());
  }
  // A sample every half second from `start` on, whose value is its time.
  void WriteRun(const std::string& instance, TimestampMs start, TimestampMs end) {
    std::vector<Sample> samples;
    for (TimestampMs t = start; t < end; t += 500) {
      samples.push_back({t, static_cast<double>(t)});
    }
    Write(instance, samples);
  }
  SampleColumns Read(const std::string& instance) {
    const auto querier = *db_->NewQuerier();
    auto set = querier->Select({}, {Matcher::Equal("instance", instance)}, {});
    EXPECT_TRUE(set.ok()) << set.status().ToString();
    SampleColumns samples;
    if (set.ok() && (*set)->size() == 1) {
      EXPECT_TRUE((*set)->Read(0, {}, &samples).ok());
    }
    return samples;
  }
  Ts Times(const std::string& instance) { return Read(instance).t; }
  Status Delete(const std::string& instance, TimeRange range) {
    return db_->DeleteSeries({{Matcher::Equal("instance", instance)}}, range);
  }
};

TEST_F(UpkeepTest, MergesWindowsThatAreOverAndKeepsEverySample) {
  Open();
  WriteRun("a", 0, 40'000);
  WriteRun("b", 10'000, 12'000);
  ASSERT_TRUE(db_->Seal().ok());
  const double sealed = Metric("stored_windows");
  const Ts before = Times("a");
  ASSERT_TRUE(db_->Compact(false).ok());
  // Two of 16 s, and of the last 8 s one or two of 4 s and what still takes samples.
  EXPECT_LT(Metric("stored_windows"), sealed / 5);
  EXPECT_EQ(Times("a"), before);
  EXPECT_EQ(Times("b"), (Ts{10'000, 10'500, 11'000, 11'500}));
  Open();
  EXPECT_EQ(Times("a"), before);
}

// What comes all at once is sealed by the largest span that is complete, the rest by head window.
TEST_F(UpkeepTest, OldSamplesOfASpanAreSealedAsOneWindow) {
  options_.background_interval_ms = 1;
  options_.merge_widths_ms = {16'000};
  Open();
  WriteRun("a", 0, 40'000);  // In one batch, so that all of it is due at once.
  Write("late", {{3'100, 1}, {20'100, 2}});
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  const auto until = [&](const auto& done) {
    while (!done() && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
  };
  until([&] { return Metric("stored_samples") >= 76; });
  // Two of 16 s, what came late to them, and at most 8 of the last 8 s.
  EXPECT_LE(Metric("seals_total"), 2 + 2 + 8);
  const Ts all = Times("a");
  ASSERT_EQ(all.size(), 80u);
  EXPECT_TRUE(std::is_sorted(all.begin(), all.end()));
  EXPECT_EQ(Times("late"), (Ts{3'100, 20'100}));
  Open();
  EXPECT_EQ(Times("a"), all);
  EXPECT_EQ(Times("late"), (Ts{3'100, 20'100}));
}

TEST_F(UpkeepTest, SealingEverythingEndsWhileSomebodyWrites) {
  Open();
  std::atomic<bool> stop = false;
  std::thread writer([&] {
    for (TimestampMs t = 0; !stop; t += 1000) Write("a", {{t, 1}});
  });
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(db_->Seal().ok());
  stop = true;
  writer.join();
}

TEST_F(UpkeepTest, OfTwoSamplesOfOneTimeTheFirstStoredStaysThroughMerges) {
  Open();
  WriteRun("a", 0, 20'000);
  ASSERT_TRUE(db_->Seal().ok());
  Write("a", {{1250, -1}, {2250, -2}});
  ASSERT_TRUE(db_->Seal().ok());
  const SampleColumns before = Read("a");
  ASSERT_EQ(before.t.size(), 42u);
  ASSERT_TRUE(db_->Compact(true).ok());
  const SampleColumns after = Read("a");
  EXPECT_EQ(after.t, before.t);
  EXPECT_EQ(after.v, before.v);
}

TEST_F(UpkeepTest, DeletionHidesWhatIsStoredAndNotWhatComesLater) {
  Open();
  WriteRun("a", 0, 8000);
  WriteRun("b", 0, 8000);
  const Ts all = Times("b");
  ASSERT_TRUE(Delete("a", {2000, 5999}).ok());
  EXPECT_EQ(Times("a"), (Ts{0, 500, 1000, 1500, 6000, 6500, 7000, 7500}));
  EXPECT_EQ(Times("b"), all);
  Write("a", {{3000, 9}});
  const Ts expected = {0, 500, 1000, 1500, 3000, 6000, 6500, 7000, 7500};
  EXPECT_EQ(Times("a"), expected);
  Open();
  EXPECT_EQ(Times("a"), expected);
  EXPECT_EQ(Metric("tombstones"), 1);
  ASSERT_TRUE(db_->CleanTombstones().ok());
  EXPECT_EQ(Metric("tombstones"), 0);
  EXPECT_EQ(Times("a"), expected);
  EXPECT_EQ(Times("b"), all);
  Open();
  EXPECT_EQ(Times("a"), expected);
  EXPECT_EQ(Delete("a", {5, 4}).code(), StatusCode::kInvalidArgument);
}

TEST_F(UpkeepTest, RulesHideAtOnceAndOutliveTheGeneralRetention) {
  options_.retention_ms = 20'000;
  options_.retention_rules = {{.matchers = {Matcher::Equal("instance", "short")}, .keep_ms = 5000},
                              {.matchers = {Matcher::Equal("instance", "long")}, .keep_ms = 0}};
  Open();
  for (const char* instance : {"short", "plain", "long"}) WriteRun(instance, 0, 60'000);
  ASSERT_TRUE(db_->Compact(true).ok());
  EXPECT_GE(Times("short").front(), 59'500 - 5000);
  EXPECT_EQ(Times("long").size(), 120u);
  const Ts plain = Times("plain");
  EXPECT_GE(plain.front(), 59'500 - 20'000 - 16'000);
  EXPECT_EQ(plain.back(), 59'500);
  options_.retention_rules.clear();
  Open();
  ASSERT_TRUE(db_->Compact(true).ok());
  EXPECT_GT(Times("long").front(), 0);
}

TEST_F(UpkeepTest, DropsTheOldestWindowsBeyondTheLimitOfBytes) {
  Open();
  WriteRun("a", 0, 200'000);
  ASSERT_TRUE(db_->Compact(true).ok());
  const double bytes = Metric("stored_disk_bytes");
  ASSERT_GT(bytes, 0);
  options_.retention_bytes = static_cast<uint64_t>(bytes / 2);
  Open();
  ASSERT_TRUE(db_->Compact(true).ok());
  EXPECT_LE(Metric("stored_disk_bytes"), bytes / 2);
  const Ts left = Times("a");
  ASSERT_FALSE(left.empty());
  EXPECT_GT(left.front(), 0);
  EXPECT_EQ(left.back(), 199'500);
}

TEST_F(UpkeepTest, AJumpOfMoreThanADayStopsRetentionUntilConfirmed) {
  options_.retention_ms = 10'000;
  Open();
  WriteRun("a", 0, 8000);
  ASSERT_TRUE(db_->Seal().ok());
  WriteRun("a", 2 * kDayMs, 2 * kDayMs + 1000);
  ASSERT_TRUE(db_->Compact(true).ok());
  EXPECT_EQ(Metric("retention_held"), 1);
  EXPECT_EQ(Times("a").front(), 0);
  ASSERT_TRUE(db_->ConfirmTime().ok());
  ASSERT_TRUE(db_->Compact(true).ok());
  EXPECT_EQ(Metric("retention_held"), 0);
  EXPECT_EQ(Times("a").front(), 2 * kDayMs);
}

}  // namespace
}  // namespace firn::engine
