#include "server/codec/params.h"

#include <gtest/gtest.h>

namespace firn::server {
namespace {

TEST(ParamsTest, ReadsTimes) {
  const struct {
    const char* text;
    TimestampMs ms;
  } kCases[] = {{"4", 4000},
                {"1700000000.123", 1700000000123},
                {"1.7e9", 1700000000000},
                {"-1.5", -1500},
                {"0.0004", 0},
                {"0.0006", 1},
                {"1700000000000", 1700000000000000},
                {"1e300", kParamTimeMax},
                {"-1e300", kParamTimeMin},
                {"2015-06-03T13:21:58.555Z", 1433337718555},
                {"2015-06-03T14:21:58.555999999+01:00", 1433337718555},
                {"2015-06-03T12:21:58-01:00", 1433337718000},
                {"1970-01-01T00:00:00Z", 0},
                {"2000-02-29T00:00:00Z", 951782400000},
                {"292277025-08-18T07:12:54.999999999Z", kParamTimeMax},
                {"-292273086-05-16T16:47:06Z", kParamTimeMin}};
  for (const auto& c : kCases) {
    const auto time = ParseTimeParam(c.text);
    ASSERT_TRUE(time.ok()) << c.text;
    EXPECT_EQ(*time, c.ms) << c.text;
  }
}

TEST(ParamsTest, RefusesWhatIsNoTime) {
  for (const char* text : {"", "now", "NaN", "inf", "2015-06-03", "2015-02-29T00:00:00Z", "1 ",
                           "2015-06-03T13:21:58", "2015-06-03T25:00:00Z", "2015-06-03T13:21:58.Z",
                           "2015-06-03T13:21:58+25:00", "2015-06-03T13:21:58Zx"}) {
    EXPECT_FALSE(ParseTimeParam(text).ok()) << text;
  }
  EXPECT_EQ(ParseTimeParam("x\"").status().message(),
            "cannot parse \"x\\\"\" to a valid timestamp");
}

TEST(ParamsTest, ReadsDurations) {
  EXPECT_EQ(*ParseDurationParam("15"), 15000);
  EXPECT_EQ(*ParseDurationParam("0.1"), 100);
  EXPECT_EQ(*ParseDurationParam("1h30m"), 5400000);
  EXPECT_EQ(*ParseDurationParam("-5"), -5000);
  EXPECT_EQ(ParseDurationParam("foo").status().message(),
            "cannot parse \"foo\" to a valid duration");
  EXPECT_EQ(ParseDurationParam("148966367200.372").status().message(),
            "cannot parse \"148966367200.372\" to a valid duration. It overflows int64");
}

TEST(ParamsTest, ReadsLimits) {
  EXPECT_EQ(*ParseLimitParam("0"), 0u);
  EXPECT_EQ(*ParseLimitParam("40000"), 40000u);
  EXPECT_EQ(ParseLimitParam("-1").status().message(), "limit must be non-negative");
  for (const char* text : {"", "x", "1.5", "1 ", "+-1", "99999999999999999999"}) {
    EXPECT_FALSE(ParseLimitParam(text).ok()) << text;
  }
}

TEST(ParamsTest, UnescapesLabelNames) {
  EXPECT_EQ(UnescapeLabelName("job"), "job");
  EXPECT_EQ(UnescapeLabelName("U__http_2e_route"), "http.route");
  EXPECT_EQ(UnescapeLabelName("U__a__b"), "a_b");
  EXPECT_EQ(UnescapeLabelName("U___e9__1f600_"), "\u00e9\U0001f600");
  EXPECT_EQ(UnescapeLabelName("U__a_zz_"), "U__a_zz_");
  EXPECT_EQ(UnescapeLabelName("U__a_"), "U__a_");
  EXPECT_EQ(UnescapeLabelName("U__a_d800_"), "U__a_d800_");
}

TEST(ParamsTest, WritesTimes) {
  for (const TimestampMs t : {TimestampMs{0}, TimestampMs{951782400000}, TimestampMs{-1},
                              TimestampMs{1433337718555}, TimestampMs{-62135596800000}}) {
    EXPECT_EQ(*ParseTimeParam(FormatRfc3339(t)), t) << FormatRfc3339(t);
  }
  EXPECT_EQ(FormatRfc3339(951782400500), "2000-02-29T00:00:00.500Z");
}

}  // namespace
}  // namespace firn::server
