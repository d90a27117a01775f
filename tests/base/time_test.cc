#include "base/time.h"

#include <bit>
#include <cmath>
#include <ctime>

#include <gtest/gtest.h>

#include "base/clock.h"
#include "base/sample.h"

namespace firn {
namespace {

TEST(Time, FloorToRoundsDownOnBothSidesOfTheEpoch) {
  struct Case {
    TimestampMs t;
    DurationMs step;
    TimestampMs floor;
  };
  const Case cases[] = {{0, 10, 0},
                        {1, 10, 0},
                        {9, 10, 0},
                        {10, 10, 10},
                        {-1, 10, -10},
                        {-10, 10, -10},
                        {-11, 10, -20},
                        {25, 1, 25},
                        {kHourMs + 1, kHourMs, kHourMs},
                        {kMaxTimestamp, 1, kMaxTimestamp}};
  for (const Case& c : cases) EXPECT_EQ(FloorTo(c.t, c.step), c.floor) << c.t << " " << c.step;
}

TEST(Time, RangesIncludeBothEnds) {
  const TimeRange range{10, 20};
  EXPECT_TRUE(range.Contains(10) && range.Contains(20));
  EXPECT_FALSE(range.Contains(9) || range.Contains(21));
  EXPECT_TRUE(range.Overlaps({20, 30}) && range.Overlaps({0, 10}) && range.Overlaps({12, 13}) &&
              range.Overlaps({0, 30}));
  EXPECT_FALSE(range.Overlaps({21, 30}) || range.Overlaps({0, 9}));
  EXPECT_FALSE(range.empty());
  EXPECT_TRUE((TimeRange{5, 4}.empty()));
  EXPECT_TRUE(TimeRange().Contains(kMinTimestamp) && TimeRange().Contains(kMaxTimestamp));
}

TEST(Time, StaleMarkersAreOneNanOfMany) {
  EXPECT_TRUE(IsStaleNan(StaleNan()));
  EXPECT_FALSE(IsStaleNan(NormalNan()));
  EXPECT_FALSE(IsStaleNan(std::nan("")));
  EXPECT_FALSE(IsStaleNan(0));
  EXPECT_TRUE(std::isnan(StaleNan()) && std::isnan(NormalNan()));
  // The bits that senders write.
  EXPECT_EQ(std::bit_cast<uint64_t>(StaleNan()), 0x7ff0000000000002u);
  EXPECT_EQ(std::bit_cast<uint64_t>(NormalNan()), 0x7ff8000000000001u);
}

// Not std::time, which is up to a tick of the kernel behind.
TimestampMs MachineMs() {
  std::timespec now{};
  EXPECT_EQ(std::timespec_get(&now, TIME_UTC), TIME_UTC);
  return static_cast<TimestampMs>(now.tv_sec) * kSecondMs + now.tv_nsec / 1'000'000;
}

TEST(Time, TheSystemClockIsThatOfTheMachine) {
  const TimestampMs before = MachineMs();
  const TimestampMs now = Clock::System()->NowMs();
  EXPECT_GE(now, before);
  EXPECT_LE(now, MachineMs());
}

TEST(Time, AFakeClockGoesWhereItIsTold) {
  FakeClock clock(100);
  EXPECT_EQ(clock.NowMs(), 100);
  clock.Advance(kMinuteMs);
  EXPECT_EQ(clock.NowMs(), 100 + kMinuteMs);
  clock.Set(-5);
  EXPECT_EQ(clock.NowMs(), -5);
}

}  // namespace
}  // namespace firn
