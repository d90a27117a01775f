// The time by which retention goes.
#pragma once

#include <optional>
#include <vector>

#include "base/time.h"

namespace firn::engine {

// A gap in what is stored that looks like a clock that jumped.
inline constexpr DurationMs kJumpMs = kDayMs;

// The newest time that is reached from `from` (from the oldest span if there is none) over
// the spans of stored samples without a gap of more than kJumpMs. None without spans.
std::optional<TimestampMs> ReachableTime(std::optional<TimestampMs> from,
                                         std::vector<TimeRange> spans);

}  // namespace firn::engine
