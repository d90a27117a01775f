#include "tools/cli/human.h"

#include <limits>

#include <gtest/gtest.h>

namespace firn::tools {
namespace {

TEST(HumanTest, ShowsThreeDigitsOfBytes) {
  EXPECT_EQ(HumanBytes(0), "0 B");
  EXPECT_EQ(HumanBytes(512), "512 B");
  EXPECT_EQ(HumanBytes(1536), "1.5 KiB");
  EXPECT_EQ(HumanBytes(1023.9), "1 KiB");
  EXPECT_EQ(HumanBytes(312.4 * (1 << 20)), "312 MiB");
  EXPECT_EQ(HumanBytes(2e15), "1.78 PiB");
  EXPECT_EQ(HumanBytes(-2048), "-2 KiB");
}

TEST(HumanTest, GroupsDigitsOfCounts) {
  EXPECT_EQ(HumanCount(0), "0");
  EXPECT_EQ(HumanCount(999), "999");
  EXPECT_EQ(HumanCount(1000), "1,000");
  EXPECT_EQ(HumanCount(1234567), "1,234,567");
}

TEST(HumanTest, ShowsThreeDigitsOfNumbers) {
  EXPECT_EQ(HumanNumber(0), "0");
  EXPECT_EQ(HumanNumber(0.03125), "0.0312");
  EXPECT_EQ(HumanNumber(0.5), "0.5");
  EXPECT_EQ(HumanNumber(4.5678), "4.57");
  EXPECT_EQ(HumanNumber(99.96), "100");
  EXPECT_EQ(HumanNumber(1234), "1234");
  EXPECT_EQ(HumanNumber(12345), "12.3 k");
  EXPECT_EQ(HumanNumber(-4.5678e6), "-4.57 M");
  EXPECT_EQ(HumanNumber(1.23e-7), "1.2e-07");
  EXPECT_EQ(HumanNumber(4.2e20), "4.2e+20");
  EXPECT_EQ(HumanNumber(std::numeric_limits<double>::quiet_NaN()), "NaN");
  EXPECT_EQ(HumanNumber(-std::numeric_limits<double>::infinity()), "-Inf");
}

TEST(HumanTest, NeverRoundsAPartToNothingOrAll) {
  EXPECT_EQ(HumanPercent(0), "0 %");
  EXPECT_EQ(HumanPercent(0.0004), "<0.1 %");
  EXPECT_EQ(HumanPercent(0.125), "12.5 %");
  EXPECT_EQ(HumanPercent(0.9999), ">99.9 %");
  EXPECT_EQ(HumanPercent(1), "100 %");
}

TEST(HumanTest, ShowsAClock) {
  EXPECT_EQ(ClockTime(7'900), "0:07");
  EXPECT_EQ(ClockTime(12 * kMinuteMs + 34 * kSecondMs), "12:34");
  EXPECT_EQ(ClockTime(kHourMs + 2 * kMinuteMs + 3 * kSecondMs), "1:02:03");
}

}  // namespace
}  // namespace firn::tools
