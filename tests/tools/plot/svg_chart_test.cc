#include "tools/plot/svg_chart.h"

#include <cmath>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace firn::tools {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr double kDay = 86400;
constexpr double kJan2026 = 1767225600;

size_t Count(const std::string& text, const std::string& what) {
  size_t count = 0;
  for (size_t i = text.find(what); i != std::string::npos; i = text.find(what, i + 1)) ++count;
  return count;
}

TEST(SvgChartTest, DrawsWhatThereIs) {
  Chart chart{.id = "c1", .title = "a<b", .description = "says \"it\""};
  chart.past = {{kJan2026, 10}, {kJan2026 + kDay, 20}};
  chart.median = {{kJan2026 + 2 * kDay, 30}, {kJan2026 + 3 * kDay, 40}};
  chart.lower = {{kJan2026 + 2 * kDay, 25}, {kJan2026 + 3 * kDay, 30}};
  chart.upper = {{kJan2026 + 2 * kDay, 35}, {kJan2026 + 3 * kDay, 50}};
  chart.limit = {{kJan2026, 45}, {kJan2026 + 3 * kDay, 45}};
  chart.now = kJan2026 + kDay;
  chart.crossing = PlotPoint{kJan2026 + 2.5 * kDay, 45};
  chart.crossing_from = kJan2026 + 2 * kDay;
  const std::string svg = SvgChart(chart);
  EXPECT_THAT(svg, HasSubstr("role=\"img\" aria-labelledby=\"c1t c1d\""));
  EXPECT_THAT(
      svg,
      HasSubstr("<title id=\"c1t\">a&lt;b</title>\n<desc id=\"c1d\">says &quot;it&quot;</desc>"));
  for (const char* css : {"past", "median", "band", "limit", "now"}) {
    EXPECT_EQ(Count(svg, std::string("class=\"") + css + "\""), 1u) << css;
  }
  EXPECT_EQ(Count(svg, "class=\"crossing\""), 2u);
  EXPECT_THAT(svg, HasSubstr(">40</text>"));
  EXPECT_THAT(svg, HasSubstr(">Jan 2</text>"));
  EXPECT_THAT(svg, Not(HasSubstr("nan")));
}

TEST(SvgChartTest, ShowsTheRangeOfDaysWherePointsAreDense) {
  Chart chart{.id = "c", .title = "", .description = ""};
  for (int hour = 0; hour < 180 * 24; ++hour) {
    chart.past.push_back({kJan2026 + hour * 3600.0, 50 + 40 * std::sin(hour / 24.0 * 2 * M_PI)});
  }
  const std::string svg = SvgChart(chart);
  EXPECT_EQ(Count(svg, "class=\"range\""), 1u);
  EXPECT_LT(svg.size(), 20'000u);
  // A gap cuts the area and the line.
  for (int hour = 2000; hour < 2200; ++hour)
    chart.past[hour].v = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(Count(SvgChart(chart), "class=\"range\""), 2u);
}

TEST(SvgChartTest, IsEmptyWithoutFiniteValues) {
  Chart chart{.id = "c", .title = "", .description = ""};
  EXPECT_EQ(SvgChart(chart), "");
  chart.past = {{kJan2026, std::numeric_limits<double>::infinity()}};
  EXPECT_EQ(SvgChart(chart), "");
  chart.past.push_back({kJan2026, 5});
  EXPECT_THAT(SvgChart(chart), HasSubstr("</svg>"));
}

}  // namespace
}  // namespace firn::tools
