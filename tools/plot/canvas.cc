#include "tools/plot/canvas.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace firn::tools {
namespace {

uint8_t DotBit(double x, double y) {
  static constexpr std::array<std::array<uint8_t, 2>, 4> kDots = {
      {{0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}}};
  return kDots[static_cast<size_t>(y) % 4][static_cast<size_t>(x) % 2];
}

std::string Braille(uint8_t dots) {
  const unsigned code = 0x2800u + dots;
  return {static_cast<char>(0xe0 | (code >> 12)), static_cast<char>(0x80 | ((code >> 6) & 0x3f)),
          static_cast<char>(0x80 | (code & 0x3f))};
}

}  // namespace

Canvas::Cell* Canvas::At(double x, double y) {
  if (!(x >= 0 && x < width() && y >= 0 && y < height())) return nullptr;
  return &cells_[static_cast<size_t>(y) / 4 * columns_ + static_cast<size_t>(x) / 2];
}

void Canvas::Dot(double x, double y, Style style) {
  Cell* cell = At(x, y);
  if (cell == nullptr) return;
  // Shade under a line would make it a blot.
  if (!cell->solid) cell->dots = 0;
  cell->dots |= DotBit(x, y);
  cell->solid = true;
  cell->style = style;
}

void Canvas::Line(double x0, double y0, double x1, double y1, Style style) {
  // Only what can be seen is walked along.
  const double x_low = std::clamp(std::min(x0, x1), -1.0, width());
  const double x_high = std::clamp(std::max(x0, x1), -1.0, width());
  const double y_length = std::min(std::fabs(y1 - y0), 64 * height());
  const double steps = std::max({x_high - x_low, y_length, 1.0});
  for (double i = 0; i <= steps; ++i) {
    Dot(std::round(x0 + (x1 - x0) * i / steps), std::round(y0 + (y1 - y0) * i / steps), style);
  }
}

void Canvas::Shade(double x, double y0, double y1, Style style) {
  const double top = std::clamp(std::round(std::min(y0, y1)), 0.0, height());
  const double bottom = std::clamp(std::round(std::max(y0, y1)), -1.0, height() - 1);
  for (double y = top; y <= bottom; ++y) {
    if ((static_cast<size_t>(x) + 2 * (static_cast<size_t>(y) % 2)) % 4 != 0) continue;
    Cell* cell = At(x, y);
    if (cell == nullptr || cell->solid) continue;
    cell->dots |= DotBit(x, y);
    cell->style = style;
  }
}

void Canvas::Level(double y, Style style) {
  for (size_t column = 0; column < columns_; ++column) {
    Cell* cell = At(static_cast<double>(column * 2), y);
    if (cell == nullptr) return;
    cell->text = "╌";
    cell->text_style = style;
  }
}

void Canvas::Moment(double x, Style style) {
  for (size_t row = 0; row < rows_; ++row) {
    Cell* cell = At(x, static_cast<double>(row * 4));
    if (cell == nullptr) return;
    if (cell->text.empty()) {
      cell->text = "┊";
      cell->text_style = style;
    }
  }
}

std::string Canvas::Row(size_t row, bool colour) const {
  std::string out;
  std::string run;
  Style run_style = Style::kPlain;
  for (size_t column = 0; column < columns_; ++column) {
    const Cell& cell = cells_[row * columns_ + column];
    // Shade gives way to writing, lines do not.
    const bool dots = cell.dots != 0 && (cell.solid || cell.text.empty());
    const Style style = dots ? cell.style : cell.text_style;
    if (style != run_style) {
      out += Paint(run, run_style, colour);
      run.clear();
      run_style = style;
    }
    run += dots ? Braille(cell.dots) : cell.text.empty() ? " " : cell.text;
  }
  return out + Paint(run, run_style, colour);
}

}  // namespace firn::tools
