// Many futures of one series.
#pragma once

#include <span>
#include <vector>

#include "query/forecast/forecast_options.h"
#include "query/forecast/forecast_result.h"
#include "query/forecast/series_model.h"

namespace firn::query {

struct SimulationOptions {
  size_t steps = 0;  // Of the grid.
  size_t runs = 256;
  double confidence = 0.9;
  uint64_t seed = 1;
  double lower_bound = 0;  // May be infinite,
  double upper_bound = 0;  // ... as this may.
  std::span<const PlannedChange> load_changes = {};
  std::span<const double> limit = {};  // One per step, or empty.
  LimitDirection direction = LimitDirection::kRising;
};

struct Simulation {
  std::vector<double> median, lower, upper;  // One per step.
  std::vector<double> slopes;                // Of each run at the end of the history, per bin.
  std::vector<size_t> first_passage;  // Of each run: the step that meets the limit, or `steps`.
};

// Draws futures: a model of the mixture and its state, the steps of the level bin by bin, and
// leftovers in blocks that keep their autocorrelation (moving blocks, Künsch 1989).
// REQUIRES: steps >= 1, runs >= 1.
Simulation Simulate(const SeriesModel& model, const ModelGrid& grid,
                    const SimulationOptions& options);

}  // namespace firn::query
