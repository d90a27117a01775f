#include "engine/tier/tier_spread.h"

#include <algorithm>
#include <cmath>

#include "base/sample.h"

namespace firn::engine {
namespace {

// The values inside one bucket.
class Curve {
 public:
  Curve(const Bucket& b, SpreadShape shape, bool has_sum) : b_(b), steps_(b.count - 1.0) {
    if (shape == SpreadShape::kLevel) shape = has_sum ? SpreadShape::kLevel : SpreadShape::kClimb;
    rise_ = b.last_v - b.first_v;
    if (shape == SpreadShape::kClimb && b.resets > 0) rise_ += b.correction;
    const double mean = (b.sum - b.first_v - b.last_v) / (b.count - 2.0);
    falls_ = shape == SpreadShape::kClimb && b.resets > 0 && rise_ >= 0;
    if (shape == SpreadShape::kClimb && !(rise_ >= 0)) rise_ = b.last_v - b.first_v;
    if (shape == SpreadShape::kMin) level_ = b.min;
    if (shape == SpreadShape::kMax) level_ = b.max;
    if (shape == SpreadShape::kLevel) level_ = mean;
    flat_ = shape != SpreadShape::kClimb && shape != SpreadShape::kLine && !std::isnan(level_);
  }

  double At(uint32_t j) const {
    if (j == 0) return b_.first_v;
    if (j + 1 == b_.count) return b_.last_v;
    if (flat_) return level_;
    const double v = b_.first_v + rise_ * (j / steps_);
    return falls_ && v > b_.correction ? v - b_.correction : v;
  }

 private:
  const Bucket& b_;
  double steps_;
  double rise_ = 0;
  double level_ = 0;
  bool flat_ = false;
  bool falls_ = false;
};

TimestampMs TimeAt(TimestampMs first, TimestampMs last, uint64_t j, uint64_t steps) {
  return first + static_cast<TimestampMs>(static_cast<unsigned __int128>(last - first) * j / steps);
}

bool SpreadBucket(const Bucket& b, SpreadShape shape, bool has_sum, const TimeRange& range,
                  SampleColumns* out) {
  bool made_up = false;
  if (b.count > 0 && b.first_t <= range.max && b.last_t >= range.min) {
    const Curve curve(b, shape, has_sum);
    for (uint32_t j = 0; j < b.count; ++j) {
      const TimestampMs t = b.count == 1 ? b.first_t : TimeAt(b.first_t, b.last_t, j, b.count - 1);
      if (t > range.max) break;
      // More samples than milliseconds can only come from damaged bytes.
      const bool repeats = !out->t.empty() && out->t.back() >= t;
      if (t < range.min || repeats) continue;
      out->t.push_back(t);
      out->v.push_back(curve.At(j));
      made_up |= j > 0 && j + 1 < b.count;
    }
  }
  if (b.is_stale() && range.Contains(b.stale_t)) {
    out->t.push_back(b.stale_t);
    out->v.push_back(StaleNan());
  }
  return made_up;
}

bool SameLayout(const FloatHistogram& a, const FloatHistogram& b) {
  return a.schema == b.schema && a.zero_threshold == b.zero_threshold &&
         a.counter_reset_hint == b.counter_reset_hint && a.positive_spans == b.positive_spans &&
         a.negative_spans == b.negative_spans && a.custom_values == b.custom_values &&
         a.positive_buckets.size() == b.positive_buckets.size() &&
         a.negative_buckets.size() == b.negative_buckets.size();
}

double Between(double a, double b, double weight) { return a + (b - a) * weight; }

HistogramPtr Between(const FloatHistogram& a, const FloatHistogram& b, double weight) {
  auto out = std::make_shared<FloatHistogram>(a);
  out->count = Between(a.count, b.count, weight);
  out->sum = Between(a.sum, b.sum, weight);
  out->zero_count = Between(a.zero_count, b.zero_count, weight);
  for (size_t i = 0; i < a.positive_buckets.size(); ++i) {
    out->positive_buckets[i] = Between(a.positive_buckets[i], b.positive_buckets[i], weight);
  }
  for (size_t i = 0; i < a.negative_buckets.size(); ++i) {
    out->negative_buckets[i] = Between(a.negative_buckets[i], b.negative_buckets[i], weight);
  }
  return out;
}

bool SpreadHistograms(const TierColumns& c, const TimeRange& range, DurationMs spacing,
                      SampleColumns* out) {
  bool made_up = false;
  for (size_t i = 0; i < c.ht.size(); ++i) {
    // More than one: samples were left out between this one and the one before.
    const bool inside = i > 0 && c.hcount[i] > 1 && !c.h[i - 1]->IsStale();
    if (inside && SameLayout(*c.h[i - 1], *c.h[i])) {
      const DurationMs span = c.ht[i] - c.ht[i - 1];
      const auto steps = static_cast<uint64_t>(
          std::min<DurationMs>(c.hcount[i], std::max<DurationMs>(1, span / spacing)));
      for (uint64_t j = 1; j < steps; ++j) {
        const TimestampMs t = TimeAt(c.ht[i - 1], c.ht[i], j, steps);
        if (!range.Contains(t)) continue;
        const double weight = static_cast<double>(j) / static_cast<double>(steps);
        out->ht.push_back(t);
        out->h.push_back(Between(*c.h[i - 1], *c.h[i], weight));
        made_up = true;
      }
    }
    if (!range.Contains(c.ht[i])) continue;
    out->ht.push_back(c.ht[i]);
    out->h.push_back(c.h[i]);
  }
  return made_up;
}

}  // namespace

SpreadShape ShapeFor(std::string_view function, DurationMs range) {
  if (range == 0) return SpreadShape::kLevel;
  for (const std::string_view name : {"rate", "increase", "irate", "resets"}) {
    if (function == name) return SpreadShape::kClimb;
  }
  for (const std::string_view name : {"delta", "idelta", "deriv", "predict_linear"}) {
    if (function == name) return SpreadShape::kLine;
  }
  if (function == "min_over_time") return SpreadShape::kMin;
  if (function == "max_over_time") return SpreadShape::kMax;
  return SpreadShape::kLevel;
}

bool AppendSpread(const TierColumns& columns, SpreadShape shape, const TimeRange& range,
                  DurationMs spacing, SampleColumns* out) {
  bool made_up = false;
  for (const Bucket& b : columns.floats.buckets) {
    const bool has_sum = columns.floats.has_sums({b.first_t, b.last_t});
    made_up |= SpreadBucket(b, shape, has_sum, range, out);
  }
  return SpreadHistograms(columns, range, std::max<DurationMs>(1, spacing), out) || made_up;
}

}  // namespace firn::engine
