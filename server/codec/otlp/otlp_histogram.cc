#include "server/codec/otlp/otlp_histogram.h"

#include "server/codec/histogram_check.h"

namespace firn::server {

namespace {

// Zeros between buckets cost less than a new span, if they are few.
constexpr int64_t kGapMax = 2;
constexpr double kDefaultZeroThreshold = 1e-128;

// Collects counts under ascending indices into spans.
class SpanBuilder {
 public:
  SpanBuilder(std::vector<HistogramSpan>* spans, std::vector<double>* buckets)
      : spans_(*spans), buckets_(*buckets) {}

  void Add(int64_t index, double count) {
    if (count == 0) return;
    if (!spans_.empty() && index < next_) {
      buckets_.back() += count;
      return;
    }
    const int64_t gap = index - next_;
    if (spans_.empty() || gap > kGapMax) {
      spans_.push_back({static_cast<int32_t>(gap), 0});
    } else {
      for (int64_t i = 0; i < gap; ++i) Push(0);
    }
    Push(count);
    next_ = index + 1;
  }

 private:
  void Push(double count) {
    ++spans_.back().length;
    buckets_.push_back(count);
  }

  std::vector<HistogramSpan>& spans_;
  std::vector<double>& buckets_;
  int64_t next_ = 0;  // The index behind the last bucket.
};

void ConvertBuckets(const OtlpBuckets& in, int32_t scale_down, std::vector<HistogramSpan>* spans,
                    std::vector<double>* buckets) {
  SpanBuilder out(spans, buckets);
  for (size_t i = 0; i < in.counts.size(); ++i) {
    // Bucket i of a scale is what Prometheus numbers i + 1.
    const int64_t index = ((int64_t{in.offset} + static_cast<int64_t>(i)) >> scale_down) + 1;
    out.Add(index, static_cast<double>(in.counts[i]));
  }
}

FloatHistogram Begin(const OtlpPoint& point, OtlpTemporality temporality) {
  FloatHistogram h;
  if (temporality == OtlpTemporality::kDelta) h.counter_reset_hint = CounterResetHint::kGauge;
  h.count = static_cast<double>(point.count);
  h.sum = point.has_sum ? point.sum : 0;
  return h;
}

Result<HistogramPtr> Finish(FloatHistogram h) {
  FIRN_RETURN_IF_ERROR(CheckHistogram(h));
  FIRN_RETURN_IF_ERROR(CheckCounts(h));
  return HistogramPtr(std::make_shared<const FloatHistogram>(std::move(h)));
}

HistogramPtr StaleMarker() {
  FloatHistogram h;
  h.sum = StaleNan();
  return std::make_shared<const FloatHistogram>(std::move(h));
}

}  // namespace

Result<HistogramPtr> ExponentialHistogram(const OtlpPoint& point, OtlpTemporality temporality) {
  if (point.no_value) return StaleMarker();
  if (point.scale < kExponentialSchemaMin) {
    return InvalidArgument(
        "cannot convert exponential to native histogram: scale must be >= {}, "
        "was {}",
        kExponentialSchemaMin, point.scale);
  }
  FloatHistogram h = Begin(point, temporality);
  h.schema = std::min(point.scale, kExponentialSchemaMax);
  // Indices have 32 bits, so more than 40 steps change nothing.
  const int32_t scale_down = std::min(point.scale - h.schema, 40);
  h.zero_threshold = point.zero_threshold == 0 ? kDefaultZeroThreshold : point.zero_threshold;
  h.zero_count = static_cast<double>(point.zero_count);
  ConvertBuckets(point.positive, scale_down, &h.positive_spans, &h.positive_buckets);
  ConvertBuckets(point.negative, scale_down, &h.negative_spans, &h.negative_buckets);
  return Finish(std::move(h));
}

Result<HistogramPtr> CustomBucketHistogram(const OtlpPoint& point, OtlpTemporality temporality) {
  if (point.no_value) return StaleMarker();
  FloatHistogram h = Begin(point, temporality);
  h.schema = kCustomBucketsSchema;
  h.custom_values = point.bounds;
  SpanBuilder out(&h.positive_spans, &h.positive_buckets);
  for (size_t i = 0; i < point.bucket_counts.size(); ++i) {
    out.Add(static_cast<int64_t>(i), static_cast<double>(point.bucket_counts[i]));
  }
  return Finish(std::move(h));
}

}  // namespace firn::server
