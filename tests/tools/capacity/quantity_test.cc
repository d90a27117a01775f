#include "tools/capacity/quantity.h"

#include <gtest/gtest.h>

namespace firn::tools {
namespace {

constexpr TimestampMs kNow = 1'790'812'800'000;  // 2026-10-01T00:00:00Z

TEST(QuantityTest, ReadsAmounts) {
  EXPECT_EQ(ParseQuantity("12"), 12);
  EXPECT_EQ(ParseQuantity(" -1.5e3 "), -1500);
  EXPECT_EQ(ParseQuantity("90%"), 0.9);
  EXPECT_EQ(ParseQuantity("500GiB"), 500.0 * (1 << 30));
  EXPECT_EQ(ParseQuantity("20 MB"), 20e6);
  EXPECT_EQ(ParseQuantity("3k"), 3000);
  EXPECT_EQ(ParseQuantity("3Ki"), 3072);
  EXPECT_EQ(ParseQuantity("64 B"), 64);
}

TEST(QuantityTest, LeavesExpressionsAlone) {
  for (const char* text : {"", "up", "sum(x)", "12 * 3", "count(up == 1)", "5m", "1e", "x5", "Inf",
                           "NaN", "5GiBs", "vector(5)", "5X"}) {
    EXPECT_EQ(ParseQuantity(text), std::nullopt) << text;
  }
}

TEST(QuantityTest, WritesAmountsInTheirUnit) {
  EXPECT_EQ(FormatQuantity(1.5 * (1 << 30), Unit::kBytes), "1.5 GiB");
  EXPECT_EQ(FormatQuantity(0.721, Unit::kRatio), "72.1 %");
  EXPECT_EQ(FormatQuantity(12345, Unit::kNone), "12.3 k");
  EXPECT_EQ(FormatChange(2, Unit::kNone), "+2");
  EXPECT_EQ(FormatChange(-2048, Unit::kBytes), "-2 KiB");
  EXPECT_EQ(FormatChange(0, Unit::kNone), "0");
}

TEST(QuantityTest, GuessesUnitsByNames) {
  EXPECT_EQ(*ParseUnit("auto", "redis_memory_used_bytes"), Unit::kBytes);
  EXPECT_EQ(*ParseUnit("auto", "a_bytes{x=\"1\"} - b_bytes"), Unit::kBytes);
  EXPECT_EQ(*ParseUnit("auto", "a_bytes / b_bytes"), Unit::kNone);
  EXPECT_EQ(*ParseUnit("auto", "a_bytes_total"), Unit::kNone);
  EXPECT_EQ(*ParseUnit("auto", "cache_hit_ratio"), Unit::kRatio);
  EXPECT_EQ(*ParseUnit("ratio", "a_bytes"), Unit::kRatio);
  EXPECT_FALSE(ParseUnit("parsec", "a_bytes").ok());
}

TEST(QuantityTest, ReadsMoments) {
  EXPECT_EQ(*ParseMoment("now", kNow), kNow);
  EXPECT_EQ(*ParseMoment("2026-10", kNow), kNow);
  EXPECT_EQ(*ParseMoment("2026-10-02", kNow), kNow + kDayMs);
  EXPECT_EQ(*ParseMoment("30d", kNow), kNow + 30 * kDayMs);
  EXPECT_EQ(*ParseMoment("+1w", kNow), kNow + 7 * kDayMs);
  EXPECT_EQ(*ParseMoment("-2h", kNow), kNow - 2 * kHourMs);
  EXPECT_EQ(*ParseMoment("2026-10-01T06:00:00Z", kNow), kNow + 6 * kHourMs);
  EXPECT_EQ(*ParseMoment("1790812800", 0), kNow);
  for (const char* text : {"", "2026-13", "soon", "2026-10-32", "@"}) {
    EXPECT_FALSE(ParseMoment(text, kNow).ok()) << text;
  }
}

TEST(QuantityTest, WritesLengthsInOneUnit) {
  EXPECT_EQ(LengthWords(23 * kDayMs), "23 days");
  EXPECT_EQ(LengthWords(kDayMs), "1 day");
  EXPECT_EQ(LengthWords(36 * kHourMs), "2 days");
  EXPECT_EQ(LengthWords(5 * kHourMs), "5 hours");
  EXPECT_EQ(LengthWords(kHourMs), "1 hour");
  EXPECT_EQ(LengthWords(90 * kMinuteMs), "2 hours");
  EXPECT_EQ(LengthWords(3 * 365 * kDayMs), "3 years");
  EXPECT_EQ(LengthWords(365 * kDayMs), "1 year");
  EXPECT_EQ(LengthWords(10 * kMinuteMs), "10 minutes");
  EXPECT_EQ(LengthWords(0), "no time");
}

}  // namespace
}  // namespace firn::tools
