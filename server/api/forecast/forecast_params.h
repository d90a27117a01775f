// Parameters of /api/v1/forecast.
#pragma once

#include <optional>
#include <vector>

#include "query/forecast/forecast_options.h"
#include "query/parser/ast.h"
#include "server/api/context.h"

namespace firn::server {

struct ForecastParams {
  std::string text;  // Of the expression, grouping included.
  query::ExprPtr expr;
  std::string limit_text;
  query::ExprPtr limit;  // Null: none.
  // The history is evaluated at start, start + step, ..., end.
  TimestampMs start = 0;
  TimestampMs end = 0;
  DurationMs step = 0;
  std::optional<DurationMs> timeout;
  std::optional<DurationMs> lookback;
  std::optional<DurationMs> resolution_max;
  bool with_series = true;  // Write the points, not the figures only.
  // What all series share; the limit has only its direction yet.
  query::ForecastOptions options;
  query::LimitDirection direction = query::LimitDirection::kRising;
};

// InvalidArgument that names the parameter.
Result<ForecastParams> ReadForecastParams(const ApiContext& context, const HttpRequest& request);

}  // namespace firn::server
