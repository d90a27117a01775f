// Values over time as a drawing of text, with axes, bands, limits and a legend.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "tools/cli/terminal.h"

namespace firn::tools {

struct PlotPoint {
  double t = 0;  // Seconds since the epoch.
  double v = 0;  // What is not finite interrupts the line.
};

struct PlotLine {
  std::string name;
  std::vector<PlotPoint> points;
  Style style = Style::kPlain;
  // Where points are denser than the drawing, their mean and, if this is set, their range as a
  // shade.
  bool summarised = false;
  bool range = false;
};

// The area between two lines with points at the same times.
struct PlotBand {
  std::string name;
  std::vector<PlotPoint> lower;
  std::vector<PlotPoint> upper;
  Style style = Style::kDim;
};

struct PlotLevel {
  std::string name;
  double v = 0;
  Style style = Style::kRed;
};

struct PlotMoment {
  double t = 0;
  Style style = Style::kDim;
};

// Ticks stand at round multiples of `scale` and are written in it: 2^30 and " GiB".
struct AxisUnit {
  double scale = 1;
  std::string suffix = {};
};

struct Plot {
  std::string title = {};
  AxisUnit unit = {};
  std::vector<PlotLine> lines = {};
  std::vector<PlotBand> bands = {};
  std::vector<PlotLevel> levels = {};  // Are in view, whatever the lines need.
  std::vector<PlotMoment> moments = {};
  bool from_zero = false;  // The axis of values begins at 0 if no value is below.
  size_t rows = 16;
};

// Lines of at most look.columns columns; "(no finite values to plot)" if there is nothing. Long
// titles and names are folded.
std::string DrawPlot(const Plot& plot, const TextLook& look);

}  // namespace firn::tools
