#include "base/duration.h"

#include <limits>
#include <random>
#include <string>

#include <gtest/gtest.h>

namespace firn {
namespace {

constexpr DurationMs kWeekMs = 7 * kDayMs;
constexpr DurationMs kYearMs = 365 * kDayMs;

TEST(Duration, ParsesUnitsInFallingOrder) {
  const std::pair<std::string, DurationMs> cases[] = {
      {"0", 0},
      {"0s", 0},
      {"0w", 0},
      {"1ms", 1},
      {"324ms", 324},
      {"3s", 3 * kSecondMs},
      {"5m", 5 * kMinuteMs},
      {"1h", kHourMs},
      {"4d", 4 * kDayMs},
      {"4d1h", 4 * kDayMs + kHourMs},
      {"14d", 2 * kWeekMs},
      {"3w", 3 * kWeekMs},
      {"3w2d1h", 3 * kWeekMs + 2 * kDayMs + kHourMs},
      {"10y", 10 * kYearMs},
      {"1y2w3d4h5m6s7ms",
       kYearMs + 2 * kWeekMs + 3 * kDayMs + 4 * kHourMs + 5 * kMinuteMs + 6 * kSecondMs + 7},
      {"90m", 90 * kMinuteMs},
      {"007s", 7 * kSecondMs},
      {"292y", 292 * kYearMs},
  };
  for (const auto& [text, ms] : cases) {
    const Result<DurationMs> parsed = ParseDuration(text);
    ASSERT_TRUE(parsed.ok()) << text << ": " << parsed.status().ToString();
    EXPECT_EQ(*parsed, ms) << text;
  }
}

TEST(Duration, RefusesEverythingElse) {
  for (const std::string text : {"",
                                 "1",
                                 "00",
                                 "s",
                                 "1 s",
                                 " 1s",
                                 "1s ",
                                 "-1w",
                                 "+1s",
                                 "1.5d",
                                 "1d1w",
                                 "1s1s",
                                 "1m1h",
                                 "1ms1s",
                                 "1S",
                                 "1us",
                                 "1ns",
                                 "1mm",
                                 "d",
                                 "1h30",
                                 "1h,30m",
                                 "99999999999999999999s",
                                 "293y",
                                 "292y365d",
                                 "9223372036854775808ms",
                                 "9223372036854775807y"}) {
    const Result<DurationMs> parsed = ParseDuration(text);
    ASSERT_FALSE(parsed.ok()) << text;
    EXPECT_EQ(parsed.status().code(), StatusCode::kInvalidArgument) << text;
  }
  EXPECT_NE(ParseDuration("1x").status().message().find("\"1x\""), std::string::npos);
}

TEST(Duration, FormatsWithWeeksAndYearsOnlyIfWhole) {
  const std::pair<DurationMs, std::string> cases[] = {
      {0, "0s"},
      {1, "1ms"},
      {1500, "1s500ms"},
      {90 * kMinuteMs, "1h30m"},
      {kDayMs, "1d"},
      {6 * kDayMs, "6d"},
      {kWeekMs, "1w"},
      {8 * kDayMs, "8d"},
      {14 * kDayMs, "2w"},
      {14 * kDayMs + kHourMs, "14d1h"},
      {kYearMs, "1y"},
      {kYearMs + kDayMs, "366d"},
      {2 * kYearMs, "2y"},
      {10 * kYearMs, "10y"},
      {-90 * kSecondMs, "-1m30s"},
  };
  for (const auto& [ms, text] : cases) EXPECT_EQ(FormatDuration(ms), text);
}

TEST(Duration, WhatIsFormattedParsesBack) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 rng(seed);
  const DurationMs max = std::numeric_limits<int64_t>::max() / 1'000'000;
  for (int i = 0; i < 5000; ++i) {
    // All sizes, from milliseconds to centuries, whole units as well.
    auto ms = static_cast<DurationMs>(rng() % static_cast<uint64_t>(max)) >> (rng() % 43);
    if (i % 3 == 0) ms -= ms % kHourMs;
    const std::string text = FormatDuration(ms);
    const Result<DurationMs> parsed = ParseDuration(text);
    ASSERT_TRUE(parsed.ok()) << text;
    ASSERT_EQ(*parsed, ms) << text;
  }
}

}  // namespace
}  // namespace firn
