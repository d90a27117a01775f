// Buckets of one series in a tier window as bytes. Times are not among the bytes: series of
// one scrape have the same ones, so pages keep them apart and share them.
// Layout: docs/format/page.md.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "engine/tier/bucket.h"

namespace firn::engine {

struct CodedBuckets {
  // Of each bucket the first sample, the last if that is another, and the stale marker; or of
  // all samples.
  std::vector<TimestampMs> times;
  std::string bytes;
};

// `with_sums` false leaves the sums out unless they follow from the rest.
// REQUIRES: !buckets.empty(), as BuildBuckets makes them.
CodedBuckets EncodeBuckets(std::span<const Bucket> buckets, bool with_sums);

// Samples of a series, and the buckets that BuildBuckets makes of them.
struct BucketInput {
  std::span<const TimestampMs> t;
  std::span<const double> v;
  std::span<const Bucket> buckets;
  bool with_sums = true;
};
// The same, or all samples where that takes fewer bytes: of three or four samples of a noisy
// series a bucket has more to say than they. REQUIRES: !buckets.empty().
CodedBuckets EncodeSeries(const BucketInput& in);

// Buckets of one part of a series' time, in order behind those of the part before.
struct BucketPart {
  std::span<const Bucket> buckets;
  bool with_sums = true;
};
// As EncodeBuckets, where parts differ in whether they have sums. REQUIRES: no part is empty, there
// is one.
CodedBuckets EncodeBucketParts(std::span<const BucketPart> parts);

struct DecodedBuckets {
  std::vector<Bucket> buckets;
  // From the first to the last time of buckets without sums, whose sums are 0; empty if there are
  // none of them.
  TimeRange without_sums{kMaxTimestamp, kMinTimestamp};

  bool has_sums(const TimeRange& range) const {
    return without_sums.empty() || !without_sums.Overlaps(range);
  }
};

// Bit for bit what was encoded. Corruption if the bytes are malformed or do not fit the
// times.
Status DecodeBuckets(std::span<const TimestampMs> times, std::string_view bytes,
                     DurationMs resolution, DecodedBuckets* out);

}  // namespace firn::engine
