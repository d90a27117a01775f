#include <algorithm>
#include <cmath>
#include <limits>

#include "base/number.h"
#include "server/codec/json.h"

namespace firn::server {

namespace {

// How the edges of a bucket are written: which of them belong to it.
enum class Edges : char { kUpper = '0', kLower = '1', kNone = '2', kBoth = '3' };

// The upper bound of exponential bucket `index`. The last one before infinity ends at the
// largest finite value.
double ExponentialBound(int64_t index, int32_t schema) {
  constexpr int64_t kExponentMax = 1024;
  if (schema <= 0) {
    const int64_t exponent = index * (int64_t{1} << -schema);
    if (exponent == kExponentMax) return std::numeric_limits<double>::max();
    return std::ldexp(1.0, static_cast<int>(std::clamp<int64_t>(exponent, -2000, 2000)));
  }
  const int64_t per_octave = int64_t{1} << schema;
  const int64_t fraction = index & (per_octave - 1);
  const int64_t exponent = index >> schema;
  if (fraction == 0 && exponent == kExponentMax) return std::numeric_limits<double>::max();
  // Extended precision makes the rounding to double the only one.
  const auto mantissa = static_cast<double>(
      exp2l(static_cast<long double>(fraction) / static_cast<long double>(per_octave)));
  return std::ldexp(mantissa, static_cast<int>(std::clamp<int64_t>(exponent, -2000, 2000)));
}

double CustomBound(const FloatHistogram& h, int64_t index) {
  if (index < 0) return -INFINITY;
  if (index >= static_cast<int64_t>(h.custom_values.size())) return INFINITY;
  return h.custom_values[static_cast<size_t>(index)];
}

class BucketWriter {
 public:
  explicit BucketWriter(std::string* out) : out_(out) {}

  void Add(Edges edges, double lower, double upper, double count) {
    if (count == 0) return;
    out_->append(first_ ? ",\"buckets\":[[" : ",[");
    first_ = false;
    out_->push_back(static_cast<char>(edges));
    for (const double v : {lower, upper, count}) {
      out_->append(",\"");
      AppendSampleValue(v, out_);
      out_->push_back('"');
    }
    out_->push_back(']');
  }
  void End() {
    if (!first_) out_->push_back(']');
  }

 private:
  std::string* out_;
  bool first_ = true;
};

void AddNegative(const FloatHistogram& h, BucketWriter* writer) {
  int64_t index = 0;
  for (const HistogramSpan& span : h.negative_spans) index += int64_t{span.offset} + span.length;
  size_t bucket = h.negative_buckets.size();
  for (size_t s = h.negative_spans.size(); s-- > 0;) {
    const HistogramSpan& span = h.negative_spans[s];
    for (uint32_t i = 0; i < span.length && bucket > 0; ++i) {
      --index;
      --bucket;
      writer->Add(Edges::kLower, -ExponentialBound(index, h.schema),
                  -ExponentialBound(index - 1, h.schema), h.negative_buckets[bucket]);
    }
    index -= span.offset;
  }
}

void AddPositive(const FloatHistogram& h, BucketWriter* writer) {
  int64_t index = 0;
  size_t bucket = 0;
  for (const HistogramSpan& span : h.positive_spans) {
    index += span.offset;
    for (uint32_t i = 0; i < span.length && bucket < h.positive_buckets.size(); ++i, ++index) {
      const double count = h.positive_buckets[bucket++];
      if (h.UsesCustomBuckets()) {
        // Below the first bound -Inf itself is included.
        writer->Add(index == 0 ? Edges::kBoth : Edges::kUpper, CustomBound(h, index - 1),
                    CustomBound(h, index), count);
      } else {
        writer->Add(Edges::kUpper, ExponentialBound(index - 1, h.schema),
                    ExponentialBound(index, h.schema), count);
      }
    }
  }
}

}  // namespace

void AppendJsonHistogram(const FloatHistogram& h, std::string* out) {
  out->append("{\"count\":\"");
  AppendSampleValue(h.count, out);
  out->append("\",\"sum\":\"");
  AppendSampleValue(h.sum, out);
  out->push_back('"');
  BucketWriter writer(out);
  AddNegative(h, &writer);
  writer.Add(Edges::kBoth, -h.zero_threshold, h.zero_threshold, h.zero_count);
  AddPositive(h, &writer);
  writer.End();
  out->push_back('}');
}

}  // namespace firn::server
