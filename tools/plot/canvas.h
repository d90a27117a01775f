// A grid of braille characters to draw on, two dots wide and four high each.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "tools/cli/terminal.h"

namespace firn::tools {

// Coordinates are dots; (0, 0) is the upper left one. What is outside is not drawn. A character has
// one style: that of the last dot drawn in it, unless it came from Shade(). One thread at a time.
class Canvas {
 public:
  Canvas(size_t columns, size_t rows) : columns_(columns), rows_(rows), cells_(columns * rows) {}

  double width() const { return static_cast<double>(columns_ * 2); }
  double height() const { return static_cast<double>(rows_ * 4); }

  void Dot(double x, double y, Style style);
  void Line(double x0, double y0, double x1, double y1, Style style);
  // A column of sparse dots between two heights, below everything else.
  void Shade(double x, double y0, double y1, Style style);
  // A line of dashes across all characters that have no dots.
  void Level(double y, Style style);
  // The same from top to bottom.
  void Moment(double x, Style style);

  // One line of text without a line feed; empty characters are spaces.
  std::string Row(size_t row, bool colour) const;

 private:
  struct Cell {
    uint8_t dots = 0;
    bool solid = false;  // Has dots that are not just shade.
    Style style = Style::kPlain;
    std::string text = {};  // One character that is shown if there are no dots.
    Style text_style = Style::kPlain;
  };

  Cell* At(double x, double y);

  size_t columns_;
  size_t rows_;
  std::vector<Cell> cells_;
};

}  // namespace firn::tools
