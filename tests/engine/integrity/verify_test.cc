#include "engine/db/integrity/verify.h"

#include <iostream>
#include <random>

#include "tests/engine/integrity/integrity_fixture.h"
#include "tests/support/soak.h"

namespace firn::engine {
namespace {

namespace fs = std::filesystem;

class VerifyTest : public IntegrityFixture {
 protected:
  Result<StoreHealth> Verify(bool quick = false) const {
    return VerifyStore({.path = damaged_.string(), .quick = quick, .progress = nullptr});
  }
};

TEST_F(VerifyTest, CountsWhatAWholeStoreHoldsAndChangesNothing) {
  MakeStore();
  Restore();
  const auto before = Contents(damaged_);
  const auto health = Verify();
  ASSERT_TRUE(health.ok()) << health.status().ToString();
  EXPECT_TRUE(health->ok()) << HealthText(*health);
  EXPECT_EQ(Contents(damaged_), before);
  EXPECT_EQ(health->series_definitions, 120u);
  EXPECT_EQ(health->exemplars, 20u);
  EXPECT_EQ(health->metadata, 1u);
  EXPECT_GT(health->journal_samples, 0u);
  size_t raw = 0, tiers = 0;
  for (const WindowHealth& window : health->windows) {
    window.resolution == 0 ? ++raw : ++tiers;
    EXPECT_EQ(window.series, 120u);
  }
  EXPECT_GE(raw, 3u);
  EXPECT_EQ(tiers, 4u);
  EXPECT_NE(HealthText(*health).find("all verified"), std::string::npos);
  const auto quick = Verify(/*quick=*/true);
  ASSERT_TRUE(quick.ok());
  EXPECT_TRUE(quick->ok());
}

TEST_F(VerifyTest, RefusesADirectoryThatIsOpenOrHoldsNoStore) {
  MakeStore();
  Restore();
  {
    const auto db = TryOpen(damaged_);
    ASSERT_TRUE(db.ok());
    EXPECT_EQ(Verify().status().code(), StatusCode::kUnavailable);
  }
  fs::remove_all(damaged_);
  EXPECT_EQ(Verify().status().code(), StatusCode::kNotFound);
  EXPECT_FALSE(fs::exists(damaged_));
}

// What is called whole must answer as before.
TEST_F(VerifyTest, FindsEveryFlippedBitThatMatters) {
  MakeStore();
  Restore();
  const auto wanted = Ask(damaged_);
  ASSERT_TRUE(wanted.ok()) << wanted.status().ToString();
  ASSERT_EQ(wanted->raw.size(), 120u);
  ASSERT_EQ(wanted->tier.size(), 96u);
  std::mt19937_64 random(SoakSeed(7));
  for (const std::string kind : {".sst", ".log", "MANIFEST", "CURRENT", "GUARD"}) {
    const std::vector<std::string> names = DataFiles(kind);
    ASSERT_FALSE(names.empty()) << kind;
    int found = 0, unreadable = 0, harmless = 0;
    const int runs = ScaledRuns(kind == ".sst" ? 120 : 30);
    for (int i = 0; i < runs; ++i) {
      const std::string& name = names[random() % names.size()];
      const uint64_t bit = random() % (8 * fs::file_size(pristine_ / name));
      Restore();
      FlipBit(damaged_ / name, bit);
      const auto health = Verify();
      if (!health.ok()) {
        ++unreadable;
      } else if (!health->ok()) {
        ++found;
      } else {
        ++harmless;
        const auto answers = Ask(damaged_);
        ASSERT_TRUE(answers.ok()) << name << " bit " << bit << ": " << answers.status().ToString();
        EXPECT_TRUE(*answers == *wanted) << name << " bit " << bit;
      }
    }
    std::cout << "bits of " << kind << ": found " << found << ", unreadable " << unreadable
              << ", harmless " << harmless << "\n";
    // Of the guard's two halves one suffices.
    if (kind == "GUARD") continue;
    EXPECT_GT(found + unreadable, runs / 4) << kind;
  }
}

TEST_F(VerifyTest, FindsEveryCutOrMissingFileThatMatters) {
  MakeStore();
  Restore();
  const auto wanted = Ask(damaged_);
  ASSERT_TRUE(wanted.ok());
  std::mt19937_64 random(SoakSeed(9));
  int found = 0, unreadable = 0, harmless = 0;
  const auto judge = [&](const std::string& what) {
    const auto health = Verify();
    if (!health.ok()) {
      ++unreadable;
    } else if (!health->ok()) {
      ++found;
    } else {
      ++harmless;
      const auto answers = Ask(damaged_);
      ASSERT_TRUE(answers.ok()) << what << ": " << answers.status().ToString();
      EXPECT_TRUE(*answers == *wanted) << what;
    }
  };
  for (const std::string kind : {".sst", ".log", "MANIFEST", "CURRENT", "GUARD"}) {
    const std::vector<std::string> names = DataFiles(kind);
    for (int i = 0; i < ScaledRuns(20); ++i) {
      const std::string& name = names[random() % names.size()];
      Restore();
      fs::resize_file(damaged_ / name, random() % fs::file_size(pristine_ / name));
      judge(name + " cut");
    }
    for (const std::string& name : names) {
      Restore();
      fs::remove(damaged_ / name);
      judge(name + " removed");
    }
  }
  std::cout << "cut or missing: found " << found << ", unreadable " << unreadable << ", harmless "
            << harmless << "\n";
  EXPECT_GT(found, 0);
}

TEST_F(VerifyTest, NamesWindowMetricAndTimesOfADamagedPage) {
  MakeStore();
  std::mt19937_64 random(SoakSeed(11));
  int with_losses = 0;
  for (int i = 0; i < 60 && with_losses < 5; ++i) {
    const std::vector<std::string> names = DataFiles(".sst");
    const std::string& name = names[random() % names.size()];
    Restore();
    FlipBit(damaged_ / name, random() % (8 * fs::file_size(pristine_ / name)));
    const auto health = Verify();
    if (!health.ok() || health->lost_series() == 0) continue;
    ++with_losses;
    for (const WindowHealth& window : health->windows) {
      for (const Loss& loss : window.losses) {
        EXPECT_GE(loss.range.min, kStart);
        EXPECT_LT(loss.range.max, kStart + kLength);
        EXPECT_GT(loss.series, 0u);
        EXPECT_EQ(loss.samples > 0, window.resolution == 0);
        EXPECT_TRUE(loss.whole || loss.metric.starts_with("metric_"));
      }
    }
    EXPECT_NE(HealthText(*health).find("2023-11-15T"), std::string::npos) << HealthText(*health);
    EXPECT_NE(HealthJson(*health).find("\"ok\":false"), std::string::npos);
  }
  EXPECT_GE(with_losses, 3);
}

}  // namespace
}  // namespace firn::engine
