// Values over time as a drawing for HTML: inline SVG without scripts, styled by the page's CSS.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tools/plot/terminal_plot.h"

namespace firn::tools {

// Colours and line widths come from the classes past, range, median, band, limit, now, crossing,
// grid and label of the page.
struct Chart {
  std::string id;           // Unique in the page; letters and digits.
  std::string title;        // For those who cannot see the drawing,
  std::string description;  // ... like this.
  AxisUnit unit = {};
  std::vector<PlotPoint> past = {};
  std::vector<PlotPoint> median = {};
  std::vector<PlotPoint> lower = {};  // As long as `upper`.
  std::vector<PlotPoint> upper = {};
  std::vector<PlotPoint> limit = {};
  std::optional<double> now = {};  // Where the past ends, seconds.
  // On the limit: its median time, and from when to when it may be.
  std::optional<PlotPoint> crossing = {};
  std::optional<double> crossing_from = {};
  std::optional<double> crossing_to = {};
};

// An <svg> element. Where points lie denser than a screen can show, lines are their means, and the
// past has an area from its lowest to its highest values. "" if there is nothing finite to draw.
std::string SvgChart(const Chart& chart);

// Text of HTML, also within attributes in double quotes.
std::string HtmlText(std::string_view text);

}  // namespace firn::tools
