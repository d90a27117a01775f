#include "query/functions/histogram/histogram_buckets.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace firn::query {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

void AppendNegative(const FloatHistogram& h, std::vector<BoundedBucket>* out) {
  const IndexedBuckets buckets = Expand(h.negative_spans, h.negative_buckets);
  for (auto it = buckets.rbegin(); it != buckets.rend(); ++it) {
    BoundedBucket bucket{.lower = -UpperBound(it->index, h.schema, h.custom_values),
                         .upper = -LowerBound(it->index, h.schema, h.custom_values),
                         .count = it->count,
                         .lower_inclusive = true};
    bucket.upper = std::min(bucket.upper, -h.zero_threshold);
    out->push_back(bucket);
  }
}

void AppendPositive(const FloatHistogram& h, std::vector<BoundedBucket>* out) {
  for (const IndexedBucket& indexed : Expand(h.positive_spans, h.positive_buckets)) {
    BoundedBucket bucket{.lower = LowerBound(indexed.index, h.schema, h.custom_values),
                         .upper = UpperBound(indexed.index, h.schema, h.custom_values),
                         .count = indexed.count,
                         .upper_inclusive = true};
    if (!h.UsesCustomBuckets()) bucket.lower = std::max(bucket.lower, h.zero_threshold);
    out->push_back(bucket);
  }
}

}  // namespace

IndexedBuckets Expand(const std::vector<HistogramSpan>& spans, const std::vector<double>& counts) {
  IndexedBuckets out;
  out.reserve(counts.size());
  int32_t index = 0;
  size_t at = 0;
  for (const HistogramSpan& span : spans) {
    index += span.offset;
    for (uint32_t i = 0; i < span.length && at < counts.size(); ++i) {
      out.push_back({index++, counts[at++]});
    }
  }
  return out;
}

void Collapse(const IndexedBuckets& buckets, std::vector<HistogramSpan>* spans,
              std::vector<double>* counts) {
  spans->clear();
  counts->clear();
  int32_t next = 0;
  for (const IndexedBucket& bucket : buckets) {
    if (bucket.count == 0) continue;
    if (spans->empty() || bucket.index != next) {
      spans->push_back({.offset = bucket.index - next, .length = 0});
    }
    ++spans->back().length;
    counts->push_back(bucket.count);
    next = bucket.index + 1;
  }
}

IndexedBuckets ReduceSchema(const IndexedBuckets& buckets, int32_t levels) {
  if (levels == 0) return buckets;
  IndexedBuckets out;
  for (const IndexedBucket& bucket : buckets) {
    const int32_t index = ((bucket.index - 1) >> levels) + 1;
    if (!out.empty() && out.back().index == index) {
      out.back().count += bucket.count;
    } else {
      out.push_back({index, bucket.count});
    }
  }
  return out;
}

void Compact(FloatHistogram* h) {
  Collapse(Expand(h->positive_spans, h->positive_buckets), &h->positive_spans,
           &h->positive_buckets);
  Collapse(Expand(h->negative_spans, h->negative_buckets), &h->negative_spans,
           &h->negative_buckets);
}

double UpperBound(int32_t index, int32_t schema, const std::vector<double>& custom) {
  if (schema == kCustomBucketsSchema) {
    if (index < 0) return -kInfinity;
    return static_cast<size_t>(index) < custom.size() ? custom[static_cast<size_t>(index)]
                                                      : kInfinity;
  }
  // The last bucket before the one of infinite observations ends at the largest number.
  if (schema <= 0) {
    const int64_t exponent = static_cast<int64_t>(index) << -schema;
    if (exponent == 1024) return std::numeric_limits<double>::max();
    return std::ldexp(1.0, static_cast<int>(std::clamp<int64_t>(exponent, -5000, 5000)));
  }
  const int32_t part = index & ((1 << schema) - 1);
  const int32_t exponent = (index >> schema) + 1;
  if (part == 0 && exponent == 1025) return std::numeric_limits<double>::max();
  // Computed in extended precision and rounded once: the nearest double.
  const auto fraction = static_cast<double>(
      0.5L * exp2l(static_cast<long double>(part) / static_cast<long double>(1 << schema)));
  return std::ldexp(fraction, exponent);
}

double LowerBound(int32_t index, int32_t schema, const std::vector<double>& custom) {
  return UpperBound(index - 1, schema, custom);
}

std::vector<BoundedBucket> AllBuckets(const FloatHistogram& h) {
  std::vector<BoundedBucket> out;
  AppendNegative(h, &out);
  if (h.zero_count > 0) {
    out.push_back({.lower = -h.zero_threshold,
                   .upper = h.zero_threshold,
                   .count = h.zero_count,
                   .lower_inclusive = true,
                   .upper_inclusive = true,
                   .is_zero = true});
  }
  AppendPositive(h, &out);
  return out;
}

}  // namespace firn::query
