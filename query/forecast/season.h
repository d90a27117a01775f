// Daily and weekly patterns around a level: medians of the phases, after the level of each day has
// been taken out (the idea of STL and MSTL with medians for loess: Cleveland et al. 1990; Bandara,
// Hyndman, Bergmeir 2021). A pattern is kept if it predicts the halves of the history from one
// another.
#pragma once

#include <vector>

#include "base/time.h"
#include "query/forecast/forecast_result.h"
#include "query/forecast/model_grid.h"

namespace firn::query {

// Additive around a level, or with `multiplicative` in proportion to it. Immutable once made.
class SeasonModel {
 public:
  // No season.
  SeasonModel() = default;
  // Looks for seasons in the newest 26 weeks of the grid.
  static SeasonModel Find(const ModelGrid& grid);

  // The pattern at a time, at the reference level.
  double At(TimestampMs t) const;
  // What pattern and noise are multiplied with where the level is `level`. 1 unless multiplicative.
  double Gain(double level) const;

  // The newest weeks swing more or less than those before; the pattern is that of the newest.
  bool rescaled() const { return rescaled_; }
  size_t phases() const { return pattern_.size(); }
  bool multiplicative() const { return reference_ > 0; }
  DurationMs period() const { return period_; }  // Of the whole pattern; 0: none.
  // The parts found, with strengths; amplitudes at the reference level.
  const std::vector<ForecastSeason>& seasons() const { return seasons_; }

 private:
  friend class SeasonFinder;

  DurationMs period_ = 0;
  std::vector<double> pattern_;  // Of equal phases of the period, from the epoch on.
  double reference_ = 0;
  bool rescaled_ = false;
  std::vector<ForecastSeason> seasons_;
};

}  // namespace firn::query
