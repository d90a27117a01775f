// What is known of one series: level, season, and what is left over.
#pragma once

#include <optional>
#include <vector>

#include "query/forecast/model_grid.h"
#include "query/forecast/season.h"
#include "query/forecast/trend/trend_mixture.h"

namespace firn::query {

// The level, one value per bin of several grid steps. Bins end where the grid ends.
struct LevelBins {
  size_t steps = 1;           // Grid steps per bin.
  size_t first = 0;           // Grid step at which the first bin begins.
  std::vector<double> value;  // NaN in gaps.

  // Grid position of a bin's middle.
  double Middle(size_t bin) const {
    return static_cast<double>(first + bin * steps) + 0.5 * static_cast<double>(steps - 1);
  }
};

// Immutable once made.
struct SeriesModel {
  SeasonModel season;
  LevelBins bins;
  TrendMixture trend;
  std::vector<double> level;  // Per grid step: the smoothed level between bins.

  // Leftovers around observed levels, at the reference level of the season, newest last, ready to
  // be drawn in blocks: gaps are filled from the same phase of other blocks. Entry i belongs to
  // the grid step `pool_end - pool.size() + i`.
  std::vector<double> pool;
  std::vector<double> pool_excess;  // Same entries; empty if the grid has none.
  size_t block = 1;                 // Steps that are drawn together.
  bool blocks_have_phase = false;   // Blocks start at multiples of `block` before the end only.
};

// Empty if there is too little to go by: fewer than kBinsMin bins with values.
inline constexpr size_t kBinsMin = 10;
std::optional<SeriesModel> FitSeries(const ModelGrid& grid);

}  // namespace firn::query
