// Values between two neighbouring samples.
#pragma once

#include <optional>
#include <string_view>

#include "base/histogram.h"
#include "query/functions/range_function.h"

namespace firn::query {

// The histogram at `weight` of the way from a to b; as a counter, a counts as empty if the
// counter was reset in between. Nothing, and a warning, if a is exponential and b is not.
std::optional<FloatHistogram> InterpolateHistograms(const FloatHistogram& a,
                                                    const FloatHistogram& b, double weight,
                                                    bool counter, std::string_view metric,
                                                    NoteSink* notes);

}  // namespace firn::query
