// How the method would have done on the last part of a history.
#pragma once

#include <optional>

#include "query/forecast/forecast_result.h"
#include "query/forecast/model_grid.h"
#include "query/forecast/series_model.h"
#include "query/forecast/simulate.h"

namespace firn::query {

// Forecasts up to three windows at the end of the grid, each from what lies before it, with the
// runs, confidence and bounds of `like`. `model` is that of the whole grid: its season says what
// the naive forecast repeats. Empty if the history is too short for one window.
std::optional<ForecastBacktest> RunBacktest(const ModelGrid& grid, const SeriesModel& model,
                                            const SimulationOptions& like);

}  // namespace firn::query
