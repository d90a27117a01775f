// Buckets: what a tier keeps of the float samples of one series over each stretch of a fixed
// resolution. A bucket is left-open and right-closed like a PromQL window, so that windows
// whose edges are bucket edges are made of whole buckets. Pure functions.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/time.h"

namespace firn::engine {

// Over (end - resolution, end]. Stale markers are no samples; NaN is one. Without samples
// (count 0: only a stale marker) everything but `end` and `stale_t` is zero.
struct Bucket {
  TimestampMs end = 0;
  TimestampMs first_t = 0;
  TimestampMs last_t = 0;
  double first_v = 0;
  double last_v = 0;
  uint32_t count = 0;
  uint32_t resets = 0;    // Samples below the one before them, inside the bucket,
  uint32_t changes = 0;   // ... and those with another value (two NaN are no change).
  double correction = 0;  // Sum of the values just before each reset, in time order.
  double min = 0;         // Of the values that are not NaN; NaN if there are none.
  double max = 0;
  double sum = 0;  // Compensated, so that the order of addition hardly matters.
  // Time of a stale marker behind the last sample; kMinTimestamp if there is none.
  TimestampMs stale_t = kMinTimestamp;

  bool is_stale() const { return stale_t != kMinTimestamp; }
  // From the first sample, or the stale marker if there is none, to what comes last.
  TimeRange times() const { return {count > 0 ? first_t : stale_t, is_stale() ? stale_t : last_t}; }
};

// The right edge of the bucket that holds `t`; saturates at the end of time.
// REQUIRES: resolution > 0.
TimestampMs BucketEnd(TimestampMs t, DurationMs resolution);

// The buckets of samples in time order. REQUIRES: t ascends, t.size() == v.size().
std::vector<Bucket> BuildBuckets(std::span<const TimestampMs> t, std::span<const double> v,
                                 DurationMs resolution);

// Buckets of a multiple of their resolution: equal to those built from the samples, but that
// sums may differ by their rounding. Also joins parts of one bucket that follow each other.
// REQUIRES: samples of each bucket lie behind those of the one before.
std::vector<Bucket> FoldBuckets(std::span<const Bucket> buckets, DurationMs resolution);

}  // namespace firn::engine
