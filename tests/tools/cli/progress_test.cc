#include "tools/cli/progress.h"

#include <gtest/gtest.h>

#include "tools/cli/text_layout.h"

namespace firn::tools {
namespace {

TEST(ProgressTest, ShowsBarShareAmountPaceAndTheTimeLeft) {
  const ProgressState state{.label = "importing",
                            .unit = ProgressUnit::kBytes,
                            .done = 25 << 20,
                            .total = 100 << 20,
                            .elapsed = 5 * kSecondMs};
  EXPECT_EQ(ProgressLine(state, {.columns = 79}),
            "importing ━━━━━━━━───────────────────────────  25 %  25 MiB  5 MiB/s  0:15 left");
  EXPECT_EQ(DisplayWidth(ProgressLine(state, {.columns = 79})), 79u);
}

TEST(ProgressTest, LeavesTheBarOutWhereThereIsNoRoom) {
  const ProgressState state{.label = "reading", .done = 1000, .total = 4000, .elapsed = 100};
  EXPECT_EQ(ProgressLine(state, {.columns = 30}), "reading  25 %  1,000");
}

TEST(ProgressTest, ShowsTheTimeSpentIfNobodyKnowsTheTotal) {
  const ProgressState state{.label = "reading", .done = 30000, .elapsed = 90 * kSecondMs};
  EXPECT_EQ(ProgressLine(state, {.columns = 79}), "reading  30,000  333/s  1:30");
}

TEST(ProgressTest, ShowsNoMoreThanAll) {
  const ProgressState state{
      .label = "x", .unit = ProgressUnit::kPercent, .done = 12, .total = 10, .elapsed = 10};
  EXPECT_EQ(ProgressLine(state, {.columns = 60}),
            "x ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━ 100 %");
}

}  // namespace
}  // namespace firn::tools
