// Which samples of a stored window are no longer to be seen: those that were deleted, and
// those whose retention is over.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/matcher.h"
#include "base/time.h"
#include "engine/api/querier.h"
#include "engine/tier/merge/tombstone.h"

namespace firn::engine {

// Samples of matching series are kept this long; of several rules the first that matches
// counts. Longer or shorter than the general retention.
struct RetentionRule {
  Matchers matchers;
  DurationMs keep_ms = 0;  // 0: for ever.
};

// Ascending, none touching another.
using TimeRanges = std::vector<TimeRange>;
// Sorts, and joins ranges that overlap or touch.
TimeRanges JoinRanges(TimeRanges ranges);

// Immutable once it is filled: thread-safe then.
class SampleFilter {
 public:
  void AddTombstone(std::shared_ptr<const Tombstone> tombstone);
  // Hides samples before `before` of series that match, unless an earlier rule did.
  void AddRule(Matchers matchers, TimestampMs before);
  // The same for series of no rule.
  void HideBefore(TimestampMs before) { others_before_ = before; }

  // False if nothing within `range` is hidden, whatever the series.
  bool Affects(const TimeRange& range) const;
  // What is hidden of a series.
  TimeRanges Hidden(const Labels& labels) const;
  // Whether that is all of `range`.
  bool HidesAll(const Labels& labels, const TimeRange& range) const;

 private:
  struct Rule {
    Matchers matchers;
    TimestampMs before = 0;
  };

  std::vector<std::shared_ptr<const Tombstone>> tombstones_;
  std::vector<Rule> rules_;
  TimestampMs others_before_ = kMinTimestamp;
};

// Removes the samples whose times are in `hidden`.
void RemoveTimes(const TimeRanges& hidden, SampleColumns* columns);

}  // namespace firn::engine
