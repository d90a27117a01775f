// The windows of a range selector, and when the first and the last of some samples are all that a
// function needs to know of them.
#pragma once

#include <optional>

#include "engine/api/querier.h"

namespace firn::engine {

// Windows (end - range, end] for `end` and, if `step` is not 0, each `step` later or earlier.
class WindowGrid {
 public:
  WindowGrid(TimestampMs end, DurationMs step, DurationMs range)
      : end_(end), step_(step), range_(range) {}

  // Whether some window has one but not the other of samples of these times.
  // REQUIRES: first <= last.
  bool Divides(TimestampMs first, TimestampMs last) const {
    return HasEdge(end_, first, last) || HasEdge(end_ - range_, first, last);
  }

 private:
  // Windows have what is at their end and not what is at their start, so an edge at `first` divides
  // and one at `last` does not.
  bool HasEdge(TimestampMs edge, TimestampMs first, TimestampMs last) const {
    if (step_ == 0) return first <= edge && edge < last;
    const TimestampMs latest = edge + FloorTo(last - 1 - edge, step_);
    return latest >= first;
  }

  TimestampMs end_;
  DurationMs step_;
  DurationMs range_;
};

// Where the function needs of samples that never fall, and that its windows have all or none of,
// only the first and the last, and how many they are.
struct EndsUse {
  WindowGrid grid;
  bool needs_counts = false;
};
std::optional<EndsUse> EndsUseFor(const SelectHints& hints);

}  // namespace firn::engine
