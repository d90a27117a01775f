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
  std::vector<int64_t> counts;  // Per bucket, 1 or more.
  // As many as times: of the first sample of a bucket and, if it has more, of its last.
  std::vector<double> values;
  // The rest per bucket, and empty if there is nothing to say.
  std::vector<int64_t> resets;
  std::vector<double> corrections;  // Of each bucket that has resets, in turn.
  std::vector<int64_t> changes;
  std::vector<double> minima;  // Empty: all extremes are first or last samples.
  std::vector<double> maxima;
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
