#include "engine/tier/merge/retention_time.h"

#include <algorithm>

namespace firn::engine {

std::optional<TimestampMs> ReachableTime(std::optional<TimestampMs> from,
                                         std::vector<TimeRange> spans) {
  std::sort(spans.begin(), spans.end(),
            [](const TimeRange& a, const TimeRange& b) { return a.min < b.min; });
  std::optional<TimestampMs> reached = from;
  for (const TimeRange& span : spans) {
    if (!reached) reached = span.max;
    if (span.min > *reached && span.min - kJumpMs > *reached) break;
    reached = std::max(*reached, span.max);
  }
  return reached;
}

}  // namespace firn::engine
