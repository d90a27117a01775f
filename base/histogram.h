// A native histogram with float counts: the form in which all queries see histograms.
// Schemas -4..8 are exponential: bucket i covers (2^((i-1)*2^-schema), 2^(i*2^-schema)],
// mirrored for negative values; kCustomBucketsSchema has explicit upper bounds.
// Source: the native histogram specification of Prometheus.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/sample.h"

namespace firn {

inline constexpr int32_t kCustomBucketsSchema = -53;
inline constexpr int32_t kExponentialSchemaMin = -4;
inline constexpr int32_t kExponentialSchemaMax = 8;

enum class CounterResetHint : uint8_t { kUnknown = 0, kReset = 1, kNotReset = 2, kGauge = 3 };

// `length` consecutive buckets after a gap of `offset` (the first span's offset is the
// absolute index of its first bucket).
struct HistogramSpan {
  int32_t offset = 0;
  uint32_t length = 0;
  friend bool operator==(const HistogramSpan&, const HistogramSpan&) = default;
};

struct FloatHistogram {
  CounterResetHint counter_reset_hint = CounterResetHint::kUnknown;
  int32_t schema = 0;
  double zero_threshold = 0;
  double zero_count = 0;
  double count = 0;
  double sum = 0;
  std::vector<HistogramSpan> positive_spans;
  std::vector<HistogramSpan> negative_spans;
  std::vector<double> positive_buckets;  // Absolute counts, one per bucket of the spans.
  std::vector<double> negative_buckets;
  std::vector<double> custom_values;  // Upper bounds, only with kCustomBucketsSchema.

  bool UsesCustomBuckets() const { return schema == kCustomBucketsSchema; }
  bool IsStale() const { return IsStaleNan(sum); }
};

// Samples share histograms because a step of a query rarely changes one.
using HistogramPtr = std::shared_ptr<const FloatHistogram>;

}  // namespace firn
