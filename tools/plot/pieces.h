// Lines with more points than a drawing can show apart, by what happens in each piece of time.
#pragma once

#include <cstddef>
#include <limits>
#include <vector>

#include "tools/plot/terminal_plot.h"

namespace firn::tools {

// Many points that share the place of one: a day of an hourly series over half a year.
struct Piece {
  double t = 0;  // Of its middle.
  double low = std::numeric_limits<double>::infinity();
  double high = -std::numeric_limits<double>::infinity();
  double sum = 0;
  size_t count = 0;  // Finite values; 0: a gap, and nothing else is known.

  double mean() const { return sum / static_cast<double>(count); }
};

// Seconds, so that `span` seconds have at most `pieces` of them; of whole days where the drawing
// holds some weeks, since a line through every hour of them would be a blot.
double PieceLength(double span, double pieces);

// In the order of time, aligned to multiples of `length`. The first and the last are left out if
// they are cut short: the mean of a morning is none of a day.
std::vector<Piece> CutIntoPieces(const std::vector<PlotPoint>& points, double length);

// So many points in a piece that a line through them all shows less than mean and range.
bool IsDense(const std::vector<PlotPoint>& points, const std::vector<Piece>& pieces);

}  // namespace firn::tools
