// Single columns of coded buckets, for who needs no whole ones.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "base/time.h"

namespace firn::engine {

struct BucketColumns {
  std::vector<int64_t> counts;      // Per bucket, 1 or more.
  std::vector<double> values;       // As many as times: of its first sample and, if there are
                                    // more, of its last.
  std::vector<int64_t> resets;      // Per bucket; empty if there are none,
  std::vector<double> corrections;  // ... and of each bucket that has some.
  std::vector<int64_t> changes;     // Per bucket; empty if there are none,
  std::vector<double> minima;       // ... or if all are at the first or last sample,
  std::vector<double> maxima;       // ... as these.
};

struct ColumnsWanted {
  bool resets = false;
  bool changes = false;
  bool extremes = false;  // Changes come with them.
};

// What DecodeBuckets would say of the same bytes, as columns, but that bytes behind the wanted
// columns are not looked at, and columns that are not wanted hold anything. False if the bytes need
// DecodeBuckets: they hold stale markers, parts or samples.
Result<bool> DecodeBucketColumns(std::span<const TimestampMs> times, std::string_view bytes,
                                 const ColumnsWanted& wanted, BucketColumns* out);

}  // namespace firn::engine
