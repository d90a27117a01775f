#include "engine/db/integrity/repair.h"

#include <algorithm>
#include <fstream>
#include <iostream>
#include <random>

#include "engine/db/integrity/verify.h"
#include "tests/engine/integrity/integrity_fixture.h"
#include "tests/support/soak.h"

namespace firn::engine {
namespace {

namespace fs = std::filesystem;

class RepairTest : public IntegrityFixture {
 protected:
  Result<StoreHealth> Repair() const {
    fs::remove_all(root_ / "repaired");
    return RepairStore({.source = damaged_.string(),
                        .target = (root_ / "repaired").string(),
                        .progress = nullptr});
  }

  static bool Reported(const StoreHealth& health, const std::string& series, TimestampMs t,
                       bool tier) {
    for (const WindowHealth& window : health.windows) {
      if (window.resolution != 0 && !tier) continue;
      for (const Loss& loss : window.losses) {
        const bool same = loss.whole || series.find(loss.metric) != std::string::npos;
        // A tier answers at the ends of its buckets.
        const TimestampMs until = tier ? window.id.end + 5 * kMinuteMs : loss.range.max;
        const TimestampMs from = tier ? window.id.start : loss.range.min;
        if (same && t >= from && t <= until) return true;
      }
    }
    return false;
  }

  // Lost records are told by number or time, not by series.
  static bool LosesRecords(const StoreHealth& health) {
    return std::any_of(health.damage.begin(), health.damage.end(), [](const std::string& text) {
      return text.starts_with("catalog") || text.starts_with("series") ||
             text.starts_with("journal") || text.starts_with("tier") ||
             text.starts_with("exemplar") || text.starts_with("metadata");
    });
  }

  // Samples that differ and are in no reported gap, nor in the journal's part if that has one.
  static int Unreported(const std::map<std::string, Answer>& wanted,
                        const std::map<std::string, Answer>& got, const StoreHealth& health,
                        bool tier) {
    int unreported = 0;
    static const Answer kNone;
    for (const auto& [series, answer] : wanted) {
      const auto it = got.find(series);
      const Answer& other = it == got.end() ? kNone : it->second;
      for (const auto& [t, value] : answer.samples) {
        const auto sample = other.samples.find(t);
        if (sample != other.samples.end() && sample->second == value) continue;
        if (!Reported(health, series, t, tier)) ++unreported;
      }
      for (const auto& [t, value] : other.samples) {
        // Raw samples are never invented. Others may stand in for those that are lost.
        if (!answer.samples.contains(t) && (!tier || !Reported(health, series, t, tier))) {
          ++unreported;
        }
      }
    }
    return unreported;
  }
};

TEST_F(RepairTest, AWholeStoreIsCopiedWithEqualAnswers) {
  MakeStore();
  Restore();
  const auto before = Contents(damaged_);
  const auto health = Repair();
  ASSERT_TRUE(health.ok()) << health.status().ToString();
  EXPECT_TRUE(health->ok()) << HealthText(*health);
  EXPECT_EQ(Contents(damaged_), before);
  const auto verified = VerifyStore({.path = (root_ / "repaired").string()});
  ASSERT_TRUE(verified.ok());
  EXPECT_TRUE(verified->ok()) << HealthText(*verified);
  const auto wanted = Ask(damaged_);
  const auto got = Ask(root_ / "repaired");
  ASSERT_TRUE(wanted.ok() && got.ok());
  EXPECT_TRUE(*wanted == *got);
  EXPECT_FALSE(wanted->exemplars.empty());
}

TEST_F(RepairTest, NeverWritesIntoADirectoryThatHoldsSomething) {
  MakeStore();
  Restore();
  fs::create_directories(root_ / "repaired");
  { std::ofstream(root_ / "repaired" / "file") << "mine"; }
  const auto health = RepairStore({.source = damaged_, .target = root_ / "repaired"});
  EXPECT_EQ(health.status().code(), StatusCode::kInvalidArgument);
  EXPECT_TRUE(fs::exists(root_ / "repaired" / "file"));
}

// Flips bits of tables: whatever the damage, the answers differ only where it says so.
TEST_F(RepairTest, AnswersAreEqualOutsideTheReportedGap) {
  MakeStore();
  Restore();
  const auto wanted = Ask(damaged_);
  ASSERT_TRUE(wanted.ok());
  const std::vector<std::string> names = DataFiles(".sst");
  uint64_t total = 0;
  for (const std::string& name : names) total += 8 * fs::file_size(pristine_ / name);
  std::mt19937_64 random(SoakSeed(3));
  int partial = 0, dropped = 0, rebuilt = 0, elsewhere = 0;
  for (int i = 0; i < ScaledRuns(60); ++i) {
    uint64_t bit = random() % total;
    size_t n = 0;
    for (; bit >= 8 * fs::file_size(pristine_ / names[n]); ++n) {
      bit -= 8 * fs::file_size(pristine_ / names[n]);
    }
    const std::string& name = names[n];
    Restore();
    FlipBit(damaged_ / name, bit);
    const std::string where = name + " bit " + std::to_string(bit);
    const auto health = Repair();
    ASSERT_TRUE(health.ok()) << where << ": " << health.status().ToString();
    const auto verified = VerifyStore({.path = (root_ / "repaired").string()});
    ASSERT_TRUE(verified.ok() && verified->ok()) << where << "\n" << HealthText(*verified);
    for (const WindowHealth& window : health->windows) {
      partial += window.fate == Fate::kPartial;
      dropped += window.fate == Fate::kDropped;
      rebuilt += window.fate == Fate::kRebuilt;
    }
    auto db = TryOpen(root_ / "repaired");
    ASSERT_TRUE(db.ok()) << where << ": " << db.status().ToString();
    ASSERT_TRUE((*db)->Compact(false).ok());
    const auto got = Ask(**db);
    ASSERT_TRUE(got.ok()) << where << ": " << got.status().ToString();
    if (LosesRecords(*health)) {
      ++elsewhere;
      continue;
    }
    EXPECT_EQ(Unreported(wanted->raw, got->raw, *health, false), 0) << where << "\n"
                                                                    << HealthText(*health);
    EXPECT_EQ(Unreported(wanted->tier, got->tier, *health, true), 0) << where << "\n"
                                                                     << HealthText(*health);
  }
  std::cout << "windows partial " << partial << ", dropped " << dropped << ", rebuilt " << rebuilt
            << "; damage elsewhere in " << elsewhere << " of 60\n";
  EXPECT_GT(partial + dropped, 5);
}

TEST_F(RepairTest, ATierOfWhichAllRawSamplesAreThereIsMadeAnew) {
  options_.retention_ms = kLongRetention;
  MakeStore();
  Restore();
  const auto wanted = Ask(damaged_);
  ASSERT_TRUE(wanted.ok());
  const std::vector<std::string> names = DataFiles(".sst");
  std::mt19937_64 random(5);
  int rebuilt = 0;
  for (int i = 0; i < 100 && rebuilt < 3; ++i) {
    const std::string& name = names[random() % names.size()];
    Restore();
    FlipBit(damaged_ / name, random() % (8 * fs::file_size(pristine_ / name)));
    const auto found = VerifyStore({.path = damaged_.string()});
    const bool in_tier = found.ok() && std::any_of(found->windows.begin(), found->windows.end(),
                                                   [](const WindowHealth& window) {
                                                     return window.resolution != 0 && !window.ok();
                                                   });
    if (!in_tier) continue;
    const auto health = Repair();
    ASSERT_TRUE(health.ok()) << health.status().ToString();
    for (const WindowHealth& window : health->windows) {
      EXPECT_EQ(window.fate, window.ok() ? Fate::kKept : Fate::kRebuilt);
      rebuilt += window.fate == Fate::kRebuilt;
    }
    auto db = TryOpen(root_ / "repaired");
    ASSERT_TRUE(db.ok() && (*db)->Compact(false).ok());
    const auto got = Ask(**db);
    ASSERT_TRUE(got.ok());
    EXPECT_TRUE(*got == *wanted);
  }
  EXPECT_GE(rebuilt, 3);
}

TEST_F(RepairTest, InPlaceKeepsTheOldDirectoryBesideTheNewOne) {
  MakeStore();
  const std::vector<std::string> names = DataFiles(".sst");
  Restore();
  const auto whole = RepairInPlace(damaged_.string(), nullptr);
  ASSERT_TRUE(whole.ok()) << whole.status().ToString();
  EXPECT_FALSE(fs::exists(damaged_.string() + ".before-repair"));
  const auto largest = *std::max_element(names.begin(), names.end(), [&](auto& a, auto& b) {
    return fs::file_size(pristine_ / a) < fs::file_size(pristine_ / b);
  });
  FlipBit(damaged_ / largest, 4 * fs::file_size(pristine_ / largest));
  const auto before = Contents(damaged_);
  const auto health = RepairInPlace(damaged_.string(), nullptr);
  ASSERT_TRUE(health.ok()) << health.status().ToString();
  ASSERT_FALSE(health->ok());
  EXPECT_EQ(Contents(damaged_.string() + ".before-repair"), before);
  const auto verified = VerifyStore({.path = damaged_.string()});
  ASSERT_TRUE(verified.ok());
  EXPECT_TRUE(verified->ok());
  EXPECT_TRUE(Ask(damaged_).ok());
}

}  // namespace
}  // namespace firn::engine
