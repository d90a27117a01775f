#include "tools/plot/pieces.h"

#include <algorithm>
#include <cmath>

namespace firn::tools {

double PieceLength(double span, double pieces) {
  constexpr double kDay = 86400;
  const double shortest = span / pieces;
  return span >= 20 * kDay ? std::ceil(shortest / kDay) * kDay : shortest;
}

std::vector<Piece> CutIntoPieces(const std::vector<PlotPoint>& points, double length) {
  std::vector<Piece> out;
  double begin = -std::numeric_limits<double>::infinity();
  for (const PlotPoint& p : points) {
    const double piece = std::floor(p.t / length) * length;
    if (piece > begin) {
      begin = piece;
      out.push_back({.t = piece + length / 2});
    }
    if (!std::isfinite(p.v)) continue;
    Piece& last = out.back();
    last.low = std::min(last.low, p.v);
    last.high = std::max(last.high, p.v);
    last.sum += p.v;
    ++last.count;
  }
  const auto cut_short = [](const Piece& piece, const Piece& whole) {
    return piece.count * 5 < whole.count * 4;
  };
  if (out.size() > 3 && cut_short(out.back(), out[out.size() - 2])) out.pop_back();
  if (out.size() > 3 && cut_short(out.front(), out[1])) out.erase(out.begin());
  return out;
}

bool IsDense(const std::vector<PlotPoint>& points, const std::vector<Piece>& pieces) {
  return points.size() > 3 * pieces.size();
}

}  // namespace firn::tools
