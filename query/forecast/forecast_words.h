// Forecasts in sentences, for tables and answers.
#pragma once

#include <string>

#include "query/forecast/forecast_options.h"
#include "query/forecast/forecast_result.h"

namespace firn::query {

// "in 23 d, 90 %: 17 d to 34 d; not within 90 d in 4 % of runs", seen from `now`. Empty if the
// forecast has no crossing.
std::string CrossingWords(const Forecast& forecast, const ForecastOptions& options,
                          TimestampMs now);

// The first two units of a length of time: "23 d", "3 d 4 h", "15 m", "0 s".
std::string RoughDuration(DurationMs duration);

}  // namespace firn::query
