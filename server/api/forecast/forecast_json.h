// Forecasts as JSON.
#pragma once

#include "base/labels.h"
#include "query/forecast/forecast_options.h"
#include "query/forecast/forecast_result.h"
#include "server/api/answer.h"

namespace firn::server {

// The label that tells the series of one forecast apart: observed, fitted, median, lower, upper,
// limit.
inline constexpr std::string_view kForecastLabel = "forecast";

// Elements of a matrix, with a comma between them and before the first unless `first`, which
// becomes false. False when the client has gone.
bool WriteForecastSeries(const Labels& labels, const query::Forecast& forecast, bool* first,
                         JsonAnswer* answer);

// One object of the figures of a forecast, without its points. `now` is what its words count from.
void AppendForecastFigures(const Labels& labels, const query::Forecast& forecast,
                           const query::ForecastOptions& options, TimestampMs now,
                           std::string* out);

}  // namespace firn::server
