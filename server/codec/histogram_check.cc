#include "server/codec/histogram_check.h"

#include <cmath>
#include <vector>

namespace firn::server {

namespace {

// Schemas that senders may use; the finest are reduced on arrival.
constexpr int32_t kSentSchemaMax = 52;
constexpr size_t kBucketsMax = 1 << 16;

Status CheckSide(std::string_view side, const std::vector<HistogramSpan>& spans,
                 const std::vector<double>& buckets) {
  uint64_t covered = 0;
  int64_t index = 0;
  for (size_t i = 0; i < spans.size(); ++i) {
    if (i > 0 && spans[i].offset < 0) {
      return InvalidArgument("{} side: span number {} has negative offset {}", side, i + 1,
                             spans[i].offset);
    }
    covered += spans[i].length;
    index += int64_t{spans[i].offset} + spans[i].length;
    if (index > INT32_MAX || index < INT32_MIN) {
      return InvalidArgument("{} side: bucket index is out of range", side);
    }
  }
  if (covered != buckets.size() || covered > kBucketsMax) {
    return InvalidArgument("{} side: spans need {} buckets, have {} buckets", side, covered,
                           buckets.size());
  }
  for (size_t i = 0; i < buckets.size(); ++i) {
    if (!(buckets[i] >= 0)) {
      return InvalidArgument("{} side: bucket number {} has observation count of {}", side, i + 1,
                             buckets[i]);
    }
  }
  return OkStatus();
}

Status CheckCustom(const FloatHistogram& h) {
  for (size_t i = 0; i < h.custom_values.size(); ++i) {
    const double bound = h.custom_values[i];
    if (std::isnan(bound) || bound == INFINITY) {
      return InvalidArgument("custom buckets: bound number {} is {}", i + 1, bound);
    }
    if (i > 0 && bound <= h.custom_values[i - 1]) {
      return InvalidArgument("custom buckets: bound number {} is not above the one before", i + 1);
    }
  }
  int64_t end = 0;
  for (const HistogramSpan& span : h.positive_spans) end += int64_t{span.offset} + span.length;
  if (end > static_cast<int64_t>(h.custom_values.size()) + 1 ||
      (!h.positive_spans.empty() && h.positive_spans[0].offset < 0)) {
    return InvalidArgument("custom buckets: buckets without a bound");
  }
  if (h.zero_count != 0 || h.zero_threshold != 0 || !h.negative_spans.empty()) {
    return InvalidArgument("custom buckets: must not have zero or negative buckets");
  }
  return OkStatus();
}

// Merges 2^steps neighbouring buckets into one.
void ReduceSide(int32_t steps, std::vector<HistogramSpan>* spans, std::vector<double>* buckets) {
  std::vector<HistogramSpan> new_spans;
  std::vector<double> new_buckets;
  int64_t index = 0;
  int64_t next = 0;  // The index behind the last new bucket.
  size_t bucket = 0;
  for (const HistogramSpan& span : *spans) {
    index += span.offset;
    for (uint32_t i = 0; i < span.length; ++i, ++index, ++bucket) {
      const int64_t target = ((index - 1) >> steps) + 1;
      if (!new_buckets.empty() && target == next - 1) {
        new_buckets.back() += (*buckets)[bucket];
        continue;
      }
      if (new_spans.empty() || target != next) {
        new_spans.push_back({static_cast<int32_t>(target - next), 0});
      }
      ++new_spans.back().length;
      new_buckets.push_back((*buckets)[bucket]);
      next = target + 1;
    }
  }
  *spans = std::move(new_spans);
  *buckets = std::move(new_buckets);
}

}  // namespace

Status CheckHistogram(const FloatHistogram& h) {
  const bool exponential = h.schema >= kExponentialSchemaMin && h.schema <= kSentSchemaMax;
  if (!exponential && !h.UsesCustomBuckets()) {
    return InvalidArgument("histogram schema {} is not supported: {} to {} and {} are", h.schema,
                           kExponentialSchemaMin, kSentSchemaMax, kCustomBucketsSchema);
  }
  FIRN_RETURN_IF_ERROR(CheckSide("negative", h.negative_spans, h.negative_buckets));
  FIRN_RETURN_IF_ERROR(CheckSide("positive", h.positive_spans, h.positive_buckets));
  if (h.UsesCustomBuckets()) {
    FIRN_RETURN_IF_ERROR(CheckCustom(h));
  } else if (!h.custom_values.empty()) {
    return InvalidArgument("histogram with exponential buckets has custom bounds");
  }
  if (!(h.count >= 0) || !(h.zero_count >= 0)) {
    return InvalidArgument("histogram has a negative observation count");
  }
  return OkStatus();
}

Status CheckCounts(const FloatHistogram& h) {
  double observed = h.zero_count;
  for (const double n : h.negative_buckets) observed += n;
  for (const double n : h.positive_buckets) observed += n;
  // Observations of NaN are in no bucket.
  if (std::isnan(h.sum) ? observed > h.count : observed != h.count) {
    return InvalidArgument("{} observations found in buckets, but the Count field is {}", observed,
                           h.count);
  }
  return OkStatus();
}

void ReduceSchema(FloatHistogram* h) {
  if (h->schema <= kExponentialSchemaMax) return;
  const int32_t steps = h->schema - kExponentialSchemaMax;
  ReduceSide(steps, &h->negative_spans, &h->negative_buckets);
  ReduceSide(steps, &h->positive_spans, &h->positive_buckets);
  h->schema = kExponentialSchemaMax;
}

}  // namespace firn::server
