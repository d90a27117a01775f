#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <vector>

#include <fmt/core.h>

#include "base/number.h"
#include "tools/render.h"

namespace firn::tools {
namespace {

constexpr size_t kRows = 16;
constexpr size_t kAxisColumns = 13;  // With a space behind the axis.
constexpr size_t kColumnsMin = 20;
constexpr size_t kLegendMax = 10;

struct Bounds {
  double t_min = std::numeric_limits<double>::infinity();
  double t_max = -std::numeric_limits<double>::infinity();
  double v_min = std::numeric_limits<double>::infinity();
  double v_max = -std::numeric_limits<double>::infinity();
};

struct Point {
  double t;
  double v;
};

// Finite points only: nothing else has a place in a plot.
std::vector<Point> FinitePoints(const AnswerSeries& series) {
  std::vector<Point> out;
  for (const AnswerPoint& p : series.points) {
    const auto v = ParseFloat(p.value);
    if (v && std::isfinite(*v)) out.push_back({p.t, *v});
  }
  return out;
}

// A grid of braille cells, two dots wide and four high.
class Canvas {
 public:
  explicit Canvas(size_t columns) : columns_(columns), cells_(columns * kRows, 0) {}

  size_t width() const { return columns_ * 2; }
  static constexpr size_t height() { return kRows * 4; }

  // Row 0 is the top.
  void Dot(size_t x, size_t y) {
    static constexpr std::array<std::array<uint8_t, 2>, 4> kDots = {
        {{0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}}};
    cells_[(y / 4) * columns_ + x / 2] |= kDots[y % 4][x % 2];
  }
  void Line(double x0, double y0, double x1, double y1) {
    const double steps = std::max({std::fabs(x1 - x0), std::fabs(y1 - y0), 1.0});
    for (double i = 0; i <= steps; ++i) {
      Dot(static_cast<size_t>(std::lround(x0 + (x1 - x0) * i / steps)),
          static_cast<size_t>(std::lround(y0 + (y1 - y0) * i / steps)));
    }
  }
  std::string RowText(size_t row) const {
    std::string out;
    for (size_t x = 0; x < columns_; ++x) {
      const unsigned code = 0x2800 + cells_[row * columns_ + x];
      out += static_cast<char>(0xe0 | (code >> 12));
      out += static_cast<char>(0x80 | ((code >> 6) & 0x3f));
      out += static_cast<char>(0x80 | (code & 0x3f));
    }
    return out;
  }

 private:
  size_t columns_;
  std::vector<uint8_t> cells_;
};

void DrawSeries(const std::vector<Point>& points, const Bounds& b, Canvas* canvas) {
  const auto x = [&](double t) {
    const double span = b.t_max > b.t_min ? b.t_max - b.t_min : 1;
    return (t - b.t_min) / span * static_cast<double>(canvas->width() - 1);
  };
  const auto y = [&](double v) {
    const double span = b.v_max > b.v_min ? b.v_max - b.v_min : 1;
    return (b.v_max - v) / span * static_cast<double>(Canvas::height() - 1);
  };
  for (size_t i = 0; i < points.size(); ++i) {
    const Point& from = points[i == 0 ? 0 : i - 1];
    canvas->Line(x(from.t), y(from.v), x(points[i].t), y(points[i].v));
  }
}

}  // namespace

std::string RenderPlot(const QueryAnswer& answer, size_t columns) {
  if (answer.type != "matrix" || answer.series.empty()) return RenderTable(answer);
  Bounds bounds;
  std::vector<std::vector<Point>> all;
  for (const AnswerSeries& series : answer.series) {
    all.push_back(FinitePoints(series));
    for (const Point& p : all.back()) {
      bounds.t_min = std::min(bounds.t_min, p.t);
      bounds.t_max = std::max(bounds.t_max, p.t);
      bounds.v_min = std::min(bounds.v_min, p.v);
      bounds.v_max = std::max(bounds.v_max, p.v);
    }
  }
  if (!(bounds.t_min <= bounds.t_max)) return "(no finite values to plot)\n";
  Canvas canvas(std::max(columns, kColumnsMin + kAxisColumns) - kAxisColumns);
  for (const std::vector<Point>& points : all) DrawSeries(points, bounds, &canvas);
  std::string out;
  for (size_t row = 0; row < kRows; ++row) {
    const double part = static_cast<double>(row) / (kRows - 1);
    const bool labelled = row % 5 == 0;
    const std::string label =
        labelled ? fmt::format("{:.4g}", bounds.v_max - (bounds.v_max - bounds.v_min) * part) : "";
    out += fmt::format("{:>{}} {}\n", label + (labelled ? " ┤" : " │"), kAxisColumns - 1,
                       canvas.RowText(row));
  }
  const std::string from = FormatTime(bounds.t_min);
  const std::string to = FormatTime(bounds.t_max);
  const size_t width = canvas.width() / 2;
  const size_t gap = width > from.size() + to.size() ? width - from.size() - to.size() : 1;
  out += fmt::format("{:{}}{}{:{}}{}\n", "", kAxisColumns, from, "", gap, to);
  for (size_t i = 0; i < std::min(answer.series.size(), kLegendMax); ++i) {
    out += fmt::format("  {}\n", answer.series[i].Name());
  }
  if (answer.series.size() > kLegendMax) {
    out += fmt::format("  ... and {} more series\n", answer.series.size() - kLegendMax);
  }
  return out;
}

}  // namespace firn::tools
