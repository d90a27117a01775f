#include "tools/plot/terminal_plot.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/core.h>

#include "tools/cli/human.h"
#include "tools/cli/text_layout.h"
#include "tools/plot/canvas.h"
#include "tools/plot/pieces.h"
#include "tools/plot/ticks.h"

namespace firn::tools {
namespace {

constexpr size_t kColumnsMin = 30;
constexpr size_t kLegendMax = 12;
constexpr size_t kRowsPerTick = 4;
constexpr size_t kColumnsPerTick = 14;

struct View {
  double t_min = std::numeric_limits<double>::infinity();
  double t_max = -std::numeric_limits<double>::infinity();
  double v_min = std::numeric_limits<double>::infinity();
  double v_max = -std::numeric_limits<double>::infinity();

  bool empty() const { return !(t_min <= t_max && v_min <= v_max); }
  void IncludeValue(double v) {
    if (!std::isfinite(v)) return;
    v_min = std::min(v_min, v);
    v_max = std::max(v_max, v);
  }
  void Include(const std::vector<PlotPoint>& points) {
    for (const PlotPoint& p : points) {
      if (!std::isfinite(p.v)) continue;
      t_min = std::min(t_min, p.t);
      t_max = std::max(t_max, p.t);
      IncludeValue(p.v);
    }
  }
};

View ViewOf(const Plot& plot) {
  View view;
  for (const PlotLine& line : plot.lines) view.Include(line.points);
  for (const PlotBand& band : plot.bands) {
    view.Include(band.lower);
    view.Include(band.upper);
  }
  if (view.empty()) return view;
  for (const PlotLevel& level : plot.levels) view.IncludeValue(level.v);
  if (plot.from_zero && view.v_min > 0) view.v_min = 0;
  if (view.v_min == view.v_max) {
    const double room = std::max(std::fabs(view.v_min) * 0.1, 1e-12);
    view.v_min -= room;
    view.v_max += room;
  }
  if (view.t_min == view.t_max) view.t_max += 1;
  return view;
}

class Drawing {
 public:
  Drawing(const View& view, size_t columns, size_t rows)
      : view_(view), canvas_(columns, rows), columns_(columns) {}

  double X(double t) const {
    return (t - view_.t_min) / (view_.t_max - view_.t_min) * (canvas_.width() - 1);
  }
  double Y(double v) const {
    return (view_.v_max - v) / (view_.v_max - view_.v_min) * (canvas_.height() - 1);
  }
  // The row of text that shows `v`.
  size_t RowOf(double v) const { return static_cast<size_t>(std::round(Y(v))) / 4; }
  size_t ColumnOf(double t) const {
    return std::min(columns_ - 1, static_cast<size_t>(std::round(X(t))) / 2);
  }

  void Add(const PlotLine& line) {
    if (!line.summarised) return Connect(line.points, line.style);
    const std::vector<Piece> pieces = Cut(line.points);
    if (!IsDense(line.points, pieces)) return Connect(line.points, line.style);
    std::vector<PlotPoint> means;
    PlotBand range{.name = "", .lower = {}, .upper = {}, .style = line.style};
    for (const Piece& piece : pieces) {
      const double nothing = std::numeric_limits<double>::quiet_NaN();
      const bool known = piece.count > 0;
      means.push_back({piece.t, known ? piece.mean() : nothing});
      range.lower.push_back({piece.t, known ? piece.low : nothing});
      range.upper.push_back({piece.t, known ? piece.high : nothing});
    }
    if (line.range) Shade(range);
    Connect(means, line.style);
  }

  void Add(const PlotBand& band) {
    const std::vector<Piece> low = Cut(band.lower);
    const std::vector<Piece> high = Cut(band.upper);
    if (!IsDense(band.lower, low) || low.size() != high.size()) return Shade(band);
    PlotBand pieces{.name = "", .lower = {}, .upper = {}, .style = band.style};
    for (size_t i = 0; i < low.size(); ++i) {
      pieces.lower.push_back({low[i].t, low[i].low});
      pieces.upper.push_back({high[i].t, high[i].high});
    }
    Shade(pieces);
  }

  Canvas* canvas() { return &canvas_; }

 private:
  std::vector<Piece> Cut(const std::vector<PlotPoint>& points) const {
    return CutIntoPieces(points, PieceLength(view_.t_max - view_.t_min, canvas_.width()));
  }

  void Connect(const std::vector<PlotPoint>& points, Style style) {
    const PlotPoint* last = nullptr;
    for (const PlotPoint& p : points) {
      if (!std::isfinite(p.v)) {
        last = nullptr;
        continue;
      }
      const PlotPoint& from = last == nullptr ? p : *last;
      canvas_.Line(X(from.t), Y(from.v), X(p.t), Y(p.v), style);
      last = &p;
    }
  }

  void Shade(const PlotBand& band) {
    const size_t n = std::min(band.lower.size(), band.upper.size());
    for (size_t i = 1; i < n; ++i) {
      const double x0 = std::ceil(X(band.lower[i - 1].t));
      const double x1 = X(band.lower[i].t);
      const double width = x1 - X(band.lower[i - 1].t);
      for (double x = x0; x <= x1; ++x) {
        const double part = width > 0 ? (x - X(band.lower[i - 1].t)) / width : 0;
        const auto between = [&](const std::vector<PlotPoint>& edge) {
          return edge[i - 1].v + (edge[i].v - edge[i - 1].v) * part;
        };
        canvas_.Shade(x, Y(between(band.lower)), Y(between(band.upper)), band.style);
      }
    }
  }

  View view_;
  Canvas canvas_;
  size_t columns_;
};

// The line under the plot: ticks, and the labels below them where there is room.
std::string TimeAxis(const Drawing& drawing, const View& view, size_t columns, size_t margin,
                     bool colour) {
  std::vector<std::string> marks(columns, "─");
  std::string labels;
  size_t used = 0;
  for (const TimeTick& tick : TimeTicks(view.t_min, view.t_max, columns / kColumnsPerTick)) {
    const size_t column = drawing.ColumnOf(tick.t);
    const size_t half = tick.label.size() / 2;
    const size_t begin =
        std::min(column > half ? column - half : 0, columns - std::min(columns, tick.label.size()));
    if (used > 0 && begin < used + 2) continue;
    marks[column] = "┴";
    labels += std::string(begin - used, ' ') + tick.label;
    used = begin + tick.label.size();
  }
  std::string axis = "└";
  for (const std::string& mark : marks) axis += mark;
  const std::string indent(margin, ' ');
  return indent + Paint(axis, Style::kDim, colour) + "\n" + indent + " " + labels + "\n";
}

std::string Legend(const Plot& plot, const TextLook& look) {
  std::string out;
  size_t shown = 0;
  const auto add = [&](const char* sign, const std::string& name, Style style) {
    if (name.empty() || ++shown > kLegendMax) return;
    const std::vector<std::string> lines = Fold(Printable(name), look.columns - 4);
    for (size_t i = 0; i < lines.size(); ++i) {
      out += (i == 0 ? Paint(sign, style, look.colour) : "   ") + " " + lines[i] + "\n";
    }
  };
  for (const PlotLine& line : plot.lines) add(" ━━", line.name, line.style);
  for (const PlotBand& band : plot.bands) add(" ⠢⠢", band.name, band.style);
  for (const PlotLevel& level : plot.levels) add(" ╌╌", level.name, level.style);
  if (shown > kLegendMax) out += fmt::format("    and {} more\n", shown - kLegendMax);
  return out;
}

}  // namespace

std::string DrawPlot(const Plot& plot, const TextLook& look) {
  const View view = ViewOf(plot);
  if (view.empty()) return "(no finite values to plot)\n";
  const double scale = plot.unit.scale;
  std::vector<std::pair<double, std::string>> ticks;
  size_t margin = 1;
  for (const double tick :
       ValueTicks(view.v_min / scale, view.v_max / scale, plot.rows / kRowsPerTick + 1)) {
    ticks.emplace_back(tick * scale, HumanNumber(tick) + plot.unit.suffix);
    margin = std::max(margin, DisplayWidth(ticks.back().second));
  }
  margin += 2;
  const size_t columns = std::max(look.columns, kColumnsMin) - margin - 1;
  Drawing drawing(view, columns, plot.rows);
  for (const PlotBand& band : plot.bands) drawing.Add(band);
  for (const PlotLevel& level : plot.levels) {
    drawing.canvas()->Level(drawing.Y(level.v), level.style);
  }
  for (const PlotMoment& moment : plot.moments) {
    drawing.canvas()->Moment(drawing.X(moment.t), moment.style);
  }
  for (const PlotLine& line : plot.lines) drawing.Add(line);

  std::vector<std::string> labels(plot.rows);
  for (const auto& [v, label] : ticks) labels[drawing.RowOf(v)] = label;
  std::string out;
  for (const std::string& line : Fold(Printable(plot.title), look.columns)) {
    if (!line.empty()) out += Paint(line, Style::kBold, look.colour) + "\n";
  }
  for (size_t row = 0; row < plot.rows; ++row) {
    std::string line = PadLeft(labels[row], margin - 1) + " " +
                       Paint(labels[row].empty() ? "│" : "┤", Style::kDim, look.colour) +
                       drawing.canvas()->Row(row, look.colour);
    while (line.ends_with(' ')) line.pop_back();
    out += line + "\n";
  }
  return out + TimeAxis(drawing, view, columns, margin, look.colour) + Legend(plot, look);
}

}  // namespace firn::tools
