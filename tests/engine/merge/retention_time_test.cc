#include "engine/tier/merge/retention_time.h"

#include <gtest/gtest.h>

namespace firn::engine {
namespace {

constexpr TimestampMs kNow = 1'700'000'000'000;

TEST(RetentionTimeTest, FollowsWhatIsStoredWithoutALongGap) {
  EXPECT_EQ(ReachableTime(std::nullopt, {}), std::nullopt);
  EXPECT_EQ(ReachableTime(kNow, {}), kNow);
  EXPECT_EQ(ReachableTime(std::nullopt, {{kNow, kNow + 5}}), kNow + 5);
  EXPECT_EQ(ReachableTime(kNow, {{kNow + kJumpMs, kNow + kJumpMs + 7}}), kNow + kJumpMs + 7);
  EXPECT_EQ(ReachableTime(
                kNow, {{kNow + 2 * kJumpMs, kNow + 2 * kJumpMs}, {kNow + kJumpMs, kNow + kJumpMs}}),
            kNow + 2 * kJumpMs);
}

TEST(RetentionTimeTest, StopsAtAJumpOfAnySize) {
  for (const DurationMs jump : {kDayMs + 1, 10 * kDayMs, 3650 * kDayMs}) {
    const TimestampMs after = kNow + jump;
    EXPECT_EQ(ReachableTime(kNow, {{kNow - 5, kNow}, {after, after + 5}, {after + 6, after + 9}}),
              kNow);
  }
  EXPECT_EQ(ReachableTime(kNow, {{kMaxTimestamp - 1, kMaxTimestamp}}), kNow);
  EXPECT_EQ(ReachableTime(std::nullopt, {{kMinTimestamp, kMinTimestamp}, {kNow, kNow}}),
            kMinTimestamp);
}

TEST(RetentionTimeTest, NeverGoesBack) {
  EXPECT_EQ(ReachableTime(kNow, {{0, 10}}), kNow);
  EXPECT_EQ(ReachableTime(kNow, {{0, kNow + 10}}), kNow + 10);
}

}  // namespace
}  // namespace firn::engine
