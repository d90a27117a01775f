// A start with windows that cannot be read.
#include <algorithm>

#include "engine/db/integrity/verify.h"
#include "query/exec/query_engine.h"
#include "tests/engine/integrity/integrity_fixture.h"

namespace firn::engine {
namespace {

namespace fs = std::filesystem;

class DegradedStartTest : public IntegrityFixture {
 protected:
  static double Metric(const Database& db, std::string_view name) {
    for (const MetricFigure& figure : db.Metrics()) {
      if (figure.name == name) return figure.value;
    }
    ADD_FAILURE() << "no metric " << name;
    return 0;
  }

  // Of an instant query.
  static size_t Warnings(const Database& db, const std::string& text, TimestampMs t) {
    const auto querier = *db.NewQuerier();
    query::QueryRequest request;
    request.text = text;
    request.start = request.end = t;
    const query::QueryEngine engine({});
    const auto result = engine.Run(request, *querier, nullptr);
    EXPECT_TRUE(result.ok()) << result.status().ToString();
    if (!result.ok()) return 0;
    for (const std::string& warning : result->warnings) {
      EXPECT_NE(warning.find("cannot be read"), std::string::npos) << warning;
    }
    return result->warnings.size();
  }

  // A damaged copy that has a window of which nothing can be read; of raw samples or of a tier.
  WindowHealth LoseAWindow(bool tier) {
    // Of a table that cannot be opened at all the store itself would not open.
    return FlipUntil(DataFiles(".sst"), 17, [&](const WindowHealth& window) {
      return !window.losses.empty() && window.losses[0].whole && (window.resolution != 0) == tier &&
             TryOpen(damaged_).ok();
    });
  }
};

TEST_F(DegradedStartTest, ServesTheOtherWindowsAndNamesTheGap) {
  MakeStore();
  Restore();
  const auto wanted = Ask(damaged_);
  ASSERT_TRUE(wanted.ok());
  const WindowHealth lost = LoseAWindow(/*tier=*/false);
  const auto before = DataFiles(".sst").size();
  auto db = TryOpen(damaged_);
  ASSERT_TRUE(db.ok()) << db.status().ToString();
  EXPECT_EQ(Metric(**db, "unreadable_windows"), 1);
  EXPECT_EQ(Metric(**db, "unreadable_samples"), static_cast<double>(lost.samples));
  EXPECT_NE((*db)->RecoveryReport().find(UtcText(lost.range.min)), std::string::npos)
      << (*db)->RecoveryReport();
  EXPECT_EQ(Warnings(**db, "metric_0", lost.range.min), 1u);
  EXPECT_EQ(Warnings(**db, "rate(metric_0[1m])", lost.range.max + 30 * kSecondMs), 1u);
  EXPECT_EQ(Warnings(**db, "metric_0", lost.range.min - kHourMs), 0u);
  const auto got = Ask(**db);
  ASSERT_TRUE(got.ok()) << got.status().ToString();
  size_t missing = 0;
  for (const auto& [series, answer] : wanted->raw) {
    for (const auto& [t, value] : answer.samples) {
      const auto it = got->raw.find(series);
      const bool there = it != got->raw.end() && it->second.samples.contains(t);
      if (there) {
        EXPECT_EQ(it->second.samples.at(t), value);
      } else {
        ++missing;
        EXPECT_TRUE(lost.range.Contains(t)) << t;
      }
    }
  }
  EXPECT_GT(missing, 0u);
  EXPECT_LE(missing, lost.samples);
  // Work goes on around it, and deletes nothing that cannot be read.
  const Status compacted = (*db)->Compact(true);
  ASSERT_TRUE(compacted.ok()) << compacted.ToString();
  const Status cleaned = (*db)->CleanTombstones();
  ASSERT_TRUE(cleaned.ok()) << cleaned.ToString();
  db->reset();
  EXPECT_GE(before, 1u);
  const auto after = VerifyStore({.path = damaged_.string()});
  ASSERT_TRUE(after.ok());
  EXPECT_TRUE(std::any_of(after->windows.begin(), after->windows.end(), [&](const auto& window) {
    return window.id == lost.id && !window.losses.empty();
  }));
}

TEST_F(DegradedStartTest, ATierThatCannotBeReadIsNotWrittenOver) {
  options_.retention_ms = kLongRetention;
  MakeStore();
  Restore();
  const auto wanted = Ask(damaged_);
  ASSERT_TRUE(wanted.ok());
  const WindowHealth lost = LoseAWindow(/*tier=*/true);
  auto db = TryOpen(damaged_);
  ASSERT_TRUE(db.ok()) << db.status().ToString();
  EXPECT_EQ(Metric(**db, "unreadable_windows"), 1);
  ASSERT_TRUE((*db)->Compact(false).ok());
  const auto got = Ask(**db);
  ASSERT_TRUE(got.ok()) << got.status().ToString();
  EXPECT_TRUE(*got == *wanted);
  db->reset();
  const auto after = VerifyStore({.path = damaged_.string()});
  ASSERT_TRUE(after.ok());
  int same = 0;
  for (const WindowHealth& window : after->windows) {
    if (window.resolution != lost.resolution || window.id.start != lost.id.start) continue;
    ++same;
    EXPECT_EQ(window.ok(), window.id.generation != lost.id.generation);
  }
  EXPECT_EQ(same, 2);
}

}  // namespace
}  // namespace firn::engine
