// From a question to forecasts.
#pragma once

#include <limits>

#include "base/status.h"
#include "base/thread_pool.h"
#include "tools/capacity/history/history_source.h"
#include "tools/capacity/question.h"

namespace firn::tools {

// The PromQL of the question: aggregated, if it asks for that.
std::string EffectiveExpression(const CapacityQuestion& question);

// Reads the past of all series and their limits, up to `now` or, where the source knows of nothing
// newer, to its newest sample. Series that ended long before and series without a limit are left
// out with a note. InvalidArgument for what is wrong with the question, NotFound if there is no
// series, ResourceExhausted if there are more than series_max, others as the source has them.
Result<CapacityInputs> ReadInputs(const CapacityQuestion& question, const HistorySource& source,
                                  TimestampMs now);

struct ForecastWork {
  ThreadPool* pool = nullptr;  // May be null.
  // Series whose values of past and future are kept; of the others only the figures are, since the
  // values of thousands take more memory than their histories.
  size_t points_of = std::numeric_limits<size_t>::max();
  HistoryProgress progress = {};  // Called now and then with series done and all of them.
};
// InvalidArgument if horizon, confidence and the like are out of range.
Result<Forecasts> ForecastAll(const CapacityInputs& inputs, const Scenario& scenario,
                              const ForecastWork& work);

// The options that a series was forecast with; borrows its limits.
query::ForecastOptions OptionsFor(const CapacityInputs& inputs, const CapacityInput& input,
                                  const Scenario& scenario);

}  // namespace firn::tools
