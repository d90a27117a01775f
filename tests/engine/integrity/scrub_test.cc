// The scrub of an open database, and work beside damage.
#include "engine/db/integrity/scrub.h"

#include <algorithm>
#include <chrono>
#include <thread>

#include "engine/db/integrity/verify.h"
#include "tests/engine/integrity/integrity_fixture.h"

namespace firn::engine {
namespace {

namespace fs = std::filesystem;

class ScrubTest : public IntegrityFixture {
 protected:
  ScrubTest() {
    options_.scrub_bytes_per_second = 0;
    options_.clock = &clock_;
  }

  static double Metric(const Database& db, std::string_view name) {
    for (const MetricFigure& figure : db.Metrics()) {
      if (figure.name == name) return figure.value;
    }
    ADD_FAILURE() << "no metric " << name;
    return 0;
  }
  static int RunPass(Database* db) {
    int steps = 0;
    while (true) {
      const auto worked = db->ScrubStep();
      EXPECT_TRUE(worked.ok()) << worked.status().ToString();
      if (!worked.ok() || !*worked) return steps;
      ++steps;
    }
  }

  // A damaged copy that opens, with a raw window of which a part can be read.
  WindowHealth DamageAPage() {
    // In large tables a block holds less than a window.
    std::vector<std::string> names = DataFiles(".sst");
    std::sort(names.begin(), names.end(), [&](const std::string& a, const std::string& b) {
      return fs::file_size(pristine_ / a) > fs::file_size(pristine_ / b);
    });
    names.resize(5);
    return FlipUntil(names, 23, [&](const WindowHealth& window) {
      return !window.losses.empty() && !window.losses[0].whole && window.resolution == 0 &&
             TryOpen(damaged_).ok();
    });
  }

  FakeClock clock_{kStart};
};

TEST_F(ScrubTest, ReadsEverythingOncePerIntervalAndGoesOnAfterARestart) {
  MakeStore();
  Restore();
  auto db = TryOpen(damaged_);
  ASSERT_TRUE(db.ok());
  const double windows = Metric(**db, "stored_windows") + 4;  // And tiers.
  ASSERT_TRUE(*(*db)->ScrubStep());
  ASSERT_TRUE(*(*db)->ScrubStep());
  EXPECT_EQ(Metric(**db, "scrub_windows_total"), 2);
  db->reset();
  db = TryOpen(damaged_);
  ASSERT_TRUE(db.ok()) << db.status().ToString();
  EXPECT_EQ(RunPass(db->get()), windows - 2 + 1);
  EXPECT_EQ(Metric(**db, "scrub_passes_total"), 1);
  EXPECT_EQ(Metric(**db, "scrub_errors_total"), 0);
  EXPECT_GT(Metric(**db, "scrub_bytes_total"), 10'000);
  EXPECT_EQ(Metric(**db, "scrub_last_completed_timestamp_seconds"), kStart / 1000);
  clock_.Advance(options_.scrub_interval_ms - 1);
  EXPECT_EQ(RunPass(db->get()), 0);
  clock_.Advance(1);
  EXPECT_EQ(RunPass(db->get()), windows + 1);
}

TEST_F(ScrubTest, CountsDamageAndWorkGoesOnBesideIt) {
  MakeStore();
  const WindowHealth lost = DamageAPage();
  auto db = TryOpen(damaged_);
  ASSERT_TRUE(db.ok());
  EXPECT_EQ(Metric(**db, "damaged_windows"), 0);
  RunPass(db->get());
  EXPECT_EQ(Metric(**db, "scrub_errors_total"), static_cast<double>(lost.losses.size()));
  EXPECT_EQ(Metric(**db, "damaged_windows"), 1);
  EXPECT_GE((*db)->corruption_count(), 1u);  // A compaction may have met it too.
  // Neither merges nor tiers fail because of it.
  const Status compacted = (*db)->Compact(true);
  EXPECT_TRUE(compacted.ok()) << compacted.ToString();
}

TEST_F(ScrubTest, AMergeThatMeetsDamageLeavesThatWindowAndMergesTheOthers) {
  options_.retention_ms = kLongRetention;
  MakeStore();
  options_.merge_widths_ms = {20 * kMinuteMs};
  const WindowHealth lost = DamageAPage();
  auto db = TryOpen(damaged_);
  ASSERT_TRUE(db.ok());
  Status status = (*db)->Compact(true);
  for (int i = 0; i < 3 && !status.ok(); ++i) status = (*db)->Compact(true);
  EXPECT_TRUE(status.ok()) << status.ToString();
  EXPECT_EQ(Metric(**db, "damaged_windows"), 1);
  EXPECT_TRUE(db->get()->Close().ok());
  const auto after = VerifyStore({.path = damaged_.string()});
  ASSERT_TRUE(after.ok());
  bool still_there = false;
  for (const WindowHealth& window : after->windows) still_there |= window.id == lost.id;
  EXPECT_TRUE(still_there);
}

TEST_F(ScrubTest, KeepsToItsRateAndStopsAtOnce) {
  MakeStore();
  Restore();
  options_.clock = Clock::System();
  options_.scrub_bytes_per_second = 1000;
  options_.background_interval_ms = 1000;
  auto db = TryOpen(damaged_);
  ASSERT_TRUE(db.ok());
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (Metric(**db, "scrub_bytes_total") == 0 && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::yield();
  }
  EXPECT_GT(Metric(**db, "scrub_bytes_total"), 0);
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_TRUE((*db)->Close().ok());
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(10));
}

}  // namespace
}  // namespace firn::engine
