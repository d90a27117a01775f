// Buckets of native histograms with their indices and bounds.
#pragma once

#include <cstdint>
#include <vector>

#include "base/histogram.h"

namespace firn::query {

struct IndexedBucket {
  int32_t index = 0;
  double count = 0;
  friend bool operator==(const IndexedBucket&, const IndexedBucket&) = default;
};
using IndexedBuckets = std::vector<IndexedBucket>;  // Indices rise.

// The buckets of spans, empty ones included.
IndexedBuckets Expand(const std::vector<HistogramSpan>& spans, const std::vector<double>& counts);
// The inverse; empty buckets are left out.
void Collapse(const IndexedBuckets& buckets, std::vector<HistogramSpan>* spans,
              std::vector<double>* counts);
// Merges buckets down by `levels` schemas.
IndexedBuckets ReduceSchema(const IndexedBuckets& buckets, int32_t levels);
// Removes empty buckets and spans.
void Compact(FloatHistogram* h);

// Upper bound of a bucket of positive values. For the custom schema `custom` holds the
// bounds, and the bucket after the last one reaches to +Inf.
double UpperBound(int32_t index, int32_t schema, const std::vector<double>& custom);
double LowerBound(int32_t index, int32_t schema, const std::vector<double>& custom);

struct BoundedBucket {
  double lower = 0;
  double upper = 0;
  double count = 0;
  bool lower_inclusive = false;
  bool upper_inclusive = false;
  bool is_zero = false;  // The zero bucket.
};

// All buckets from the lowest values up: negative, zero (if its count is above 0), positive;
// bounds that reach into the zero bucket are cut off there.
std::vector<BoundedBucket> AllBuckets(const FloatHistogram& h);

}  // namespace firn::query
