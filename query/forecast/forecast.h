// Forecasts of single series with prediction intervals, for capacity planning. The method and
// its sources: docs/capacity-planning.md.
//
// Pure functions of their arguments: no clock, no global state; any number of threads.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "base/status.h"
#include "base/thread_pool.h"
#include "query/forecast/forecast_options.h"
#include "query/forecast/forecast_result.h"

namespace firn::query {

// InvalidArgument if step, horizon, confidence, runs or points_max are out of range, or if the
// limit has neither a value nor as many values as the input. Whatever the values are, they are no
// error: the verdict says what could be made of them.
Result<Forecast> MakeForecast(const ForecastInput& input, const ForecastOptions& options);

// The same for many series, in their order, on the calling thread and those of `pool` (may be
// null); a busy pool delays but never blocks. `options[i]` belongs to `inputs[i]`. `stop`, if
// given, is asked before each series, by any of the threads; once it says true, all further
// series yield Cancelled. REQUIRES: equal sizes.
std::vector<Result<Forecast>> MakeForecasts(std::span<const ForecastInput> inputs,
                                            std::span<const ForecastOptions> options,
                                            ThreadPool* pool,
                                            const std::function<bool()>& stop = {});

// A counter as if it had never been reset: what was lost at each fall is added to all that
// follows. Gaps stay gaps.
std::vector<double> UnwrapCounter(std::span<const double> values);

}  // namespace firn::query
