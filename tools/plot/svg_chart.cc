#include "tools/plot/svg_chart.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/core.h>

#include "tools/cli/human.h"
#include "tools/cli/text_layout.h"
#include "tools/plot/pieces.h"
#include "tools/plot/ticks.h"

namespace firn::tools {
namespace {

constexpr double kWidth = 760;
constexpr double kHeight = 250;
constexpr double kLeft = 66;
constexpr double kRight = 14;
constexpr double kTop = 12;
constexpr double kBottom = 26;
constexpr size_t kValueTicks = 5;
constexpr size_t kTimeTicks = 7;
// More than these no screen and no printer shows apart.
constexpr double kColumns = 380;

class Frame {
 public:
  explicit Frame(const Chart& chart) {
    for (const auto* line :
         {&chart.past, &chart.median, &chart.lower, &chart.upper, &chart.limit}) {
      for (const PlotPoint& p : *line) {
        if (!std::isfinite(p.v)) continue;
        t_min_ = std::min(t_min_, p.t);
        t_max_ = std::max(t_max_, p.t);
        v_min_ = std::min(v_min_, p.v);
        v_max_ = std::max(v_max_, p.v);
      }
    }
    if (empty()) return;
    // Amounts begin at nothing; far from it an axis from there would hide all that happens.
    if (v_min_ > 0 && v_min_ < 0.6 * v_max_) v_min_ = 0;
    double room = (v_max_ - v_min_) * 0.06;
    if (room == 0) room = std::max(std::fabs(v_max_) * 0.1, 1e-12);
    v_max_ += room;
    if (v_min_ != 0) v_min_ -= room;
    if (t_min_ == t_max_) t_max_ += 1;
  }

  bool empty() const { return !(t_min_ <= t_max_ && v_min_ <= v_max_); }
  double t_min() const { return t_min_; }
  double t_max() const { return t_max_; }
  double v_min() const { return v_min_; }
  double v_max() const { return v_max_; }
  double X(double t) const {
    return kLeft + (t - t_min_) / (t_max_ - t_min_) * (kWidth - kLeft - kRight);
  }
  double Y(double v) const {
    return kTop + (v_max_ - v) / (v_max_ - v_min_) * (kHeight - kTop - kBottom);
  }

 private:
  double t_min_ = std::numeric_limits<double>::infinity();
  double t_max_ = -std::numeric_limits<double>::infinity();
  double v_min_ = std::numeric_limits<double>::infinity();
  double v_max_ = -std::numeric_limits<double>::infinity();
};

std::vector<Piece> Cut(const Frame& frame, const std::vector<PlotPoint>& points) {
  return CutIntoPieces(points, PieceLength(frame.t_max() - frame.t_min(), kColumns));
}

std::string Path(const Frame& frame, const std::vector<PlotPoint>& points) {
  std::string out;
  bool pen_down = false;
  for (const PlotPoint& p : points) {
    if (!std::isfinite(p.v)) {
      pen_down = false;
      continue;
    }
    out += fmt::format("{}{:.1f} {:.1f}", pen_down ? "L" : "M", frame.X(p.t), frame.Y(p.v));
    pen_down = true;
  }
  return out;
}

// The area between two edges, given from left to right; closed where there is nothing.
std::string Area(const char* css, const std::vector<std::pair<std::string, std::string>>& edges) {
  if (edges.size() < 2) return "";
  std::string path;
  for (const auto& [low, high] : edges) path += (path.empty() ? "M" : "L") + high;
  for (auto edge = edges.rbegin(); edge != edges.rend(); ++edge) path += "L" + edge->first;
  return fmt::format("<path class=\"{}\" d=\"{}Z\"/>\n", css, path);
}

std::string Place(const Frame& frame, double t, double v) {
  return fmt::format("{:.1f} {:.1f}", frame.X(t), frame.Y(v));
}

// Dense points as the mean of each piece, with the range around it if `range` names a class for it.
std::string Line(const Frame& frame, const char* css, const char* range,
                 const std::vector<PlotPoint>& points) {
  const std::vector<Piece> pieces = Cut(frame, points);
  if (!IsDense(points, pieces)) {
    const std::string path = Path(frame, points);
    return path.empty() ? "" : fmt::format("<path class=\"{}\" d=\"{}\"/>\n", css, path);
  }
  std::string out;
  std::vector<PlotPoint> means;
  std::vector<std::pair<std::string, std::string>> edges;
  for (const Piece& piece : pieces) {
    if (piece.count == 0) {
      if (range != nullptr) out += Area(range, edges);
      edges.clear();
      means.push_back({piece.t, std::numeric_limits<double>::quiet_NaN()});
      continue;
    }
    edges.emplace_back(Place(frame, piece.t, piece.low), Place(frame, piece.t, piece.high));
    means.push_back({piece.t, piece.mean()});
  }
  if (range != nullptr) out += Area(range, edges);
  return out + fmt::format("<path class=\"{}\" d=\"{}\"/>\n", css, Path(frame, means));
}

// From the lowest of the lower edge to the highest of the upper one in each piece.
std::string Band(const Frame& frame, const Chart& chart) {
  std::vector<Piece> low = Cut(frame, chart.lower);
  std::vector<Piece> high = Cut(frame, chart.upper);
  std::vector<std::pair<std::string, std::string>> edges;
  for (size_t i = 0; i < std::min(low.size(), high.size()); ++i) {
    if (low[i].count == 0 || high[i].count == 0) continue;
    edges.emplace_back(Place(frame, low[i].t, low[i].low), Place(frame, high[i].t, high[i].high));
  }
  return Area("band", edges);
}

std::string Axes(const Frame& frame, const AxisUnit& unit) {
  std::string out;
  for (const double tick :
       ValueTicks(frame.v_min() / unit.scale, frame.v_max() / unit.scale, kValueTicks)) {
    const double y = frame.Y(tick * unit.scale);
    out += fmt::format(
        "<line class=\"grid\" x1=\"{}\" x2=\"{}\" y1=\"{:.1f}\" y2=\"{:.1f}\"/>"
        "<text class=\"label\" x=\"{}\" y=\"{:.1f}\" text-anchor=\"end\">{}</text>\n",
        kLeft, kWidth - kRight, y, y, kLeft - 8, y + 4, HtmlText(HumanNumber(tick) + unit.suffix));
  }
  for (const TimeTick& tick : TimeTicks(frame.t_min(), frame.t_max(), kTimeTicks)) {
    const double x = frame.X(tick.t);
    out += fmt::format(
        "<line class=\"grid\" x1=\"{:.1f}\" x2=\"{:.1f}\" y1=\"{}\" y2=\"{}\"/>"
        "<text class=\"label\" x=\"{:.1f}\" y=\"{}\" text-anchor=\"middle\">{}</text>\n",
        x, x, kHeight - kBottom, kHeight - kBottom + 4, std::clamp(x, kLeft, kWidth - 30),
        kHeight - 7, tick.label);
  }
  return out;
}

std::string Crossing(const Frame& frame, const Chart& chart) {
  if (!chart.crossing) return "";
  const double y = frame.Y(chart.crossing->v);
  std::string out;
  if (chart.crossing_from) {
    const double to = chart.crossing_to.value_or(frame.t_max());
    out += fmt::format(
        "<line class=\"crossing\" x1=\"{:.1f}\" x2=\"{:.1f}\" y1=\"{:.1f}\" y2=\"{:.1f}\"/>\n",
        frame.X(*chart.crossing_from), frame.X(to), y, y);
  }
  return out + fmt::format("<circle class=\"crossing\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"4.5\"/>\n",
                           frame.X(chart.crossing->t), y);
}

}  // namespace

std::string HtmlText(std::string_view text) {
  std::string out;
  for (const char c : Printable(text)) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string SvgChart(const Chart& chart) {
  const Frame frame(chart);
  if (frame.empty()) return "";
  std::string out = fmt::format(
      "<svg viewBox=\"0 0 {} {}\" role=\"img\" aria-labelledby=\"{}t {}d\">\n"
      "<title id=\"{}t\">{}</title>\n<desc id=\"{}d\">{}</desc>\n",
      kWidth, kHeight, chart.id, chart.id, chart.id, HtmlText(chart.title), chart.id,
      HtmlText(chart.description));
  out += Axes(frame, chart.unit);
  out += Band(frame, chart);
  if (chart.now) {
    out += fmt::format("<line class=\"now\" x1=\"{:.1f}\" x2=\"{:.1f}\" y1=\"{}\" y2=\"{}\"/>\n",
                       frame.X(*chart.now), frame.X(*chart.now), kTop, kHeight - kBottom);
  }
  out += Line(frame, "past", "range", chart.past);
  out += Line(frame, "median", nullptr, chart.median);
  out += Line(frame, "limit", nullptr, chart.limit);
  out += Crossing(frame, chart);
  return out + "</svg>\n";
}

}  // namespace firn::tools
