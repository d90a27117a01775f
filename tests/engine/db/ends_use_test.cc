#include "engine/db/reading/ends_use.h"

#include <random>

#include <gtest/gtest.h>

namespace firn::engine {
namespace {

TEST(WindowGridTest, DividesWhatOneWindowHoldsInPart) {
  const WindowGrid one(1000, 0, 300);  // (700, 1000]
  EXPECT_FALSE(one.Divides(701, 1000));
  EXPECT_TRUE(one.Divides(700, 1000));
  EXPECT_TRUE(one.Divides(701, 1001));
  EXPECT_FALSE(one.Divides(1001, 2000));
  EXPECT_FALSE(one.Divides(100, 700));
  EXPECT_TRUE(one.Divides(100, 2000));
  EXPECT_FALSE(one.Divides(800, 800));
}

TEST(WindowGridTest, AgreesWithLookingAtEachWindow) {
  std::mt19937_64 rng(3);
  for (int round = 0; round < 20'000; ++round) {
    const auto below = [&](int64_t n) { return static_cast<int64_t>(rng() % n); };
    const DurationMs step = 1 + below(50);
    const DurationMs range = 1 + below(120);
    const TimestampMs end = below(200) - 100;
    const TimestampMs first = below(200) - 100;
    const TimestampMs last = first + below(60);
    bool divided = false;
    for (TimestampMs e = end - 500 * step; e <= end + 500 * step; e += step) {
      const auto has = [&](TimestampMs t) { return t > e - range && t <= e; };
      // Also where both are outside and the window between them.
      divided |= has(first) != has(last) || (first <= e - range && last > e);
    }
    EXPECT_EQ(WindowGrid(end, step, range).Divides(first, last), divided)
        << end << " " << step << " " << range << ": " << first << " to " << last;
  }
}

TEST(WindowGridTest, ServesFunctionsThatNeedTheEndsAlone) {
  SelectHints hints;
  hints.range = kHourMs;
  hints.window_end = 0;
  hints.function = "rate";
  ASSERT_TRUE(EndsUseFor(hints));
  EXPECT_TRUE(EndsUseFor(hints)->needs_counts);
  hints.function = "max_over_time";
  EXPECT_FALSE(EndsUseFor(hints)->needs_counts);
  for (const char* function : {"changes", "sum_over_time", "quantile_over_time", "irate", ""}) {
    hints.function = function;
    EXPECT_FALSE(EndsUseFor(hints)) << function;
  }
  hints.function = "rate";
  hints.window_step = kMinuteMs;
  EXPECT_FALSE(EndsUseFor(hints)) << "each block would be divided";
  hints.window_step = 0;
  hints.window_end.reset();
  EXPECT_FALSE(EndsUseFor(hints)) << "the function looks beyond its windows";
}

}  // namespace
}  // namespace firn::engine
