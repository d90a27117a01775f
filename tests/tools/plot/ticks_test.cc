#include "tools/plot/ticks.h"

#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace firn::tools {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr double kDay = 86400;
constexpr double kJan2026 = 1767225600;  // 2026-01-01T00:00:00Z, a Thursday.

std::vector<std::string> Labels(double low, double high, size_t count_max) {
  std::vector<std::string> out;
  for (const TimeTick& tick : TimeTicks(low, high, count_max)) out.push_back(tick.label);
  return out;
}

TEST(TicksTest, PutsValuesAtRoundNumbers) {
  EXPECT_THAT(ValueTicks(0, 10, 5), ElementsAre(0, 5, 10));
  EXPECT_THAT(ValueTicks(0, 10, 6), ElementsAre(0, 2, 4, 6, 8, 10));
  EXPECT_THAT(ValueTicks(-3, 7, 4), ElementsAre(0, 5));
  EXPECT_THAT(ValueTicks(1.2e9, 1.9e9, 4), ElementsAre(1.2e9, 1.4e9, 1.6e9, 1.8e9));
  EXPECT_THAT(ValueTicks(0.1, 0.3, 5),
              ElementsAre(0.1, 0.15000000000000002, 0.2, 0.25, 0.30000000000000004));
}

TEST(TicksTest, HasNoneWhereThereIsNoAxis) {
  EXPECT_THAT(ValueTicks(1, 1, 5), IsEmpty());
  EXPECT_THAT(ValueTicks(0, std::numeric_limits<double>::infinity(), 5), IsEmpty());
  EXPECT_THAT(ValueTicks(0, std::numeric_limits<double>::quiet_NaN(), 5), IsEmpty());
  EXPECT_THAT(TimeTicks(0, std::numeric_limits<double>::quiet_NaN(), 5), IsEmpty());
  EXPECT_THAT(TimeTicks(0, 1e15, 5), IsEmpty());
}

TEST(TicksTest, NeverHasMoreThanWanted) {
  for (double span = 0.001; span < 1e12; span *= 1.7) {
    for (size_t n = 1; n < 12; ++n) {
      EXPECT_LE(ValueTicks(-span / 3, span, n).size(), n) << span;
      EXPECT_LE(TimeTicks(kJan2026, kJan2026 + span / 1000, n).size(), n) << span;
    }
  }
}

TEST(TicksTest, PutsTimesWhereCalendarsAndClocksDo) {
  EXPECT_THAT(Labels(kJan2026, kJan2026 + 7200, 5),
              ElementsAre("Jan 1", "00:30", "01:00", "01:30", "02:00"));
  EXPECT_THAT(Labels(kJan2026, kJan2026 + 2 * kDay, 5),
              ElementsAre("Jan 1", "12:00", "Jan 2", "12:00", "Jan 3"));
  // Mondays.
  EXPECT_THAT(Labels(kJan2026, kJan2026 + 21 * kDay, 4), ElementsAre("Jan 5", "Jan 12", "Jan 19"));
  EXPECT_THAT(Labels(kJan2026, kJan2026 + 200 * kDay, 3),
              ElementsAre("Jan 2026", "Apr 2026", "Jul 2026"));
  EXPECT_THAT(Labels(kJan2026 - 10 * 365 * kDay, kJan2026, 6),
              ElementsAre("2018", "2020", "2022", "2024", "2026"));
}

TEST(TicksTest, WritesDates) {
  EXPECT_EQ(DateText(kJan2026 + kDay - 1), "2026-01-01");
  EXPECT_EQ(MinuteText(kJan2026 + 3600 * 14 + 60 * 30 + 59), "2026-01-01 14:30");
  EXPECT_EQ(DateText(-1), "1969-12-31");
}

}  // namespace
}  // namespace firn::tools
