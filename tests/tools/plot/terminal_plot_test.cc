#include "tools/plot/terminal_plot.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "tools/cli/text_layout.h"

namespace firn::tools {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kDay = 86400;
constexpr double kJan2026 = 1767225600;

Plot Growth() {
  Plot plot{.title = "disk"};
  PlotLine observed{.name = "observed", .points = {}, .style = Style::kCyan};
  PlotBand band{.name = "90 %", .lower = {}, .upper = {}};
  for (int day = 0; day <= 60; ++day) {
    const double t = kJan2026 + day * kDay;
    if (day <= 30) observed.points.push_back({t, 40.0 + day});
    if (day >= 30) {
      band.lower.push_back({t, 40.0 + day - (day - 30) * 0.5});
      band.upper.push_back({t, 40.0 + day + (day - 30) * 0.5});
    }
  }
  plot.lines = {observed};
  plot.bands = {band};
  plot.levels = {{.name = "limit 90", .v = 90}};
  plot.rows = 8;
  return plot;
}

std::vector<std::string> LinesOf(const std::string& text) { return Fold(text, 0); }

// The golden drawing was looked at; a change of it is to be looked at too.
TEST(TerminalPlotTest, DrawsLineBandLimitAxesAndLegend) {
  EXPECT_EQ("\n" + DrawPlot(Growth(), {.columns = 60}), R"(
disk
     │                                                 ⡀⠄⡀⠄⡂
 100 ┤                                           ⡀ ⡀⠄⡂⠅⡂⠅⡂⠅⡂
     │╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌
     │                                 ⡀⠄⡂⠅⡂⠅⡂⠅⡂⠅⡂⠅⠂⠅⠂⠅⠂⠁⠂⠁⠂
     │                         ⣀⣀⡀⠄⠂⠅⠂⠁⠂⠁⠂⠁ ⠁ ⠁
     │                ⢀⣀⣠⠤⠔⠒⠒⠉⠉
  50 ┤       ⢀⣀⣀⠤⠤⠒⠒⠊⠉⠁
     │⣀⡠⠤⠔⠒⠒⠉⠁
     └┴──────────────────────────┴────────────────────────┴─
      Jan 2026               Feb 2026               Mar 2026
 ━━ observed
 ⠢⠢ 90 %
 ╌╌ limit 90
)");
}

TEST(TerminalPlotTest, FillsTheTerminalAndNoMore) {
  for (const size_t columns : {30u, 60u, 80u, 133u}) {
    size_t widest = 0;
    for (const std::string& line : LinesOf(DrawPlot(Growth(), {.columns = columns}))) {
      widest = std::max(widest, DisplayWidth(line));
    }
    EXPECT_EQ(widest, columns);
  }
}

TEST(TerminalPlotTest, IsTheSameDrawingInColours) {
  std::string coloured = DrawPlot(Growth(), {.columns = 60, .colour = true});
  EXPECT_NE(coloured.find("\033[36m"), std::string::npos);
  EXPECT_NE(coloured.find("\033[31m╌"), std::string::npos);
  for (size_t i; (i = coloured.find('\033')) != std::string::npos;) {
    coloured.erase(i, coloured.find('m', i) - i + 1);
  }
  EXPECT_EQ(coloured, DrawPlot(Growth(), {.columns = 60}));
}

TEST(TerminalPlotTest, InterruptsLinesAtGaps) {
  Plot plot;
  plot.lines = {{.name = "", .points = {{0, 1}, {10, 1}, {20, kNan}, {30, 1}, {40, 1}}}};
  plot.rows = 1;
  const std::string row = LinesOf(DrawPlot(plot, {.columns = 30}))[0];
  EXPECT_NE(row.find("     "), std::string::npos) << row;
}

TEST(TerminalPlotTest, ShowsMeanAndRangeOfDenseLinesIfAsked) {
  PlotLine line{.name = "", .points = {}};
  for (int hour = 0; hour < 180 * 24; ++hour) {
    line.points.push_back({kJan2026 + hour * 3600.0, hour % 24 < 12 ? 10.0 : 90.0});
  }
  Plot plot;
  plot.lines = {line};
  const std::string all = DrawPlot(plot, {.columns = 80});
  plot.lines[0].summarised = plot.lines[0].range = true;
  const std::string summary = DrawPlot(plot, {.columns = 80});
  EXPECT_NE(all.find("⣿⣿⣿⣿⣿⣿"), std::string::npos) << all;
  EXPECT_EQ(summary.find("⣿"), std::string::npos) << summary;
  EXPECT_NE(summary.find("⠉⠉⠉⠉⠉⠉"), std::string::npos) << summary;  // The mean.
  EXPECT_NE(summary.find("⠅⡂⠅⡂"), std::string::npos) << summary;    // The range.
}

TEST(TerminalPlotTest, SaysSoIfThereIsNothingToPlot) {
  Plot plot;
  EXPECT_EQ(DrawPlot(plot, {.columns = 80}), "(no finite values to plot)\n");
  plot.lines = {{.name = "x", .points = {{0, kNan}, {1, std::numeric_limits<double>::infinity()}}}};
  plot.levels = {{.name = "limit", .v = 3}};
  EXPECT_EQ(DrawPlot(plot, {.columns = 80}), "(no finite values to plot)\n");
}

TEST(TerminalPlotTest, TakesWhateverNumbersCome) {
  for (const double v : {0.0, -5.0, 1e308, -1e308, 1e-300}) {
    Plot plot;
    plot.lines = {{.name = "x", .points = {{0, v}, {1e9, v / 2}, {2e9, v}}}};
    EXPECT_NE(DrawPlot(plot, {.columns = 80}).find("┤"), std::string::npos) << v;
  }
  Plot one;
  one.lines = {{.name = "x", .points = {{kJan2026, 7}}}};
  EXPECT_NE(DrawPlot(one, {.columns = 80}).find("7 ┤"), std::string::npos);
  // Both ends of what a double holds: their distance is none of its numbers.
  one.lines = {{.name = "x", .points = {{0, 1.7e308}, {1, -1.7e308}}}};
  EXPECT_FALSE(DrawPlot(one, {.columns = 80}).empty());
}

TEST(TerminalPlotTest, TakesTheForceOutOfNames) {
  Plot plot{.title = "a\033[2Jb"};
  plot.lines = {{.name = "c\033[2Jd", .points = {{0, 1}, {1, 2}}}};
  EXPECT_EQ(DrawPlot(plot, {.columns = 80}).find('\033'), std::string::npos);
}

}  // namespace
}  // namespace firn::tools
