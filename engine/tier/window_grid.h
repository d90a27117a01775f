// The windows of a range selector.
#pragma once

#include <algorithm>

#include "base/time.h"

namespace firn::engine {

// Windows (end - range, end] for `end` and, if `step` is not 0, each `step` later or earlier.
// REQUIRES: no sum or difference of these and of times that are asked for overflows.
class WindowGrid {
 public:
  WindowGrid(TimestampMs end, DurationMs step, DurationMs range)
      : end_(end), step_(step), range_(range) {}

  // Whether some window has one but not the other of samples of these times.
  // REQUIRES: first <= last.
  bool Divides(TimestampMs first, TimestampMs last) const { return LastWith(first) < last; }

  // The latest time of a sample that every window has which has one at `first`, and no other
  // window; kMaxTimestamp if all later ones are such.
  TimestampMs LastWith(TimestampMs first) const {
    return std::min(NextEdge(end_, first), NextEdge(end_ - range_, first));
  }

 private:
  // Windows have what is at their end and not what is at their start, so an edge at `first` divides
  // it from what comes later.
  TimestampMs NextEdge(TimestampMs edge, TimestampMs first) const {
    if (step_ == 0) return edge >= first ? edge : kMaxTimestamp;
    return edge - FloorTo(edge - first, step_);
  }

  TimestampMs end_;
  DurationMs step_;
  DurationMs range_;
};

}  // namespace firn::engine
