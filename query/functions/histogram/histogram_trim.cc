#include <algorithm>
#include <cmath>
#include <limits>

#include "query/functions/histogram/histogram_buckets.h"
#include "query/functions/histogram/histogram_ops.h"

namespace firn::query {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// What is kept of one bucket: how much, and the interval it comes from.
struct Kept {
  double count = 0;
  double lower = 0;
  double upper = 0;
};

class Trimmer {
 public:
  Trimmer(const FloatHistogram& h, double limit, bool keep_below)
      : h_(h), limit_(limit), below_(keep_below) {}

  // Trims `*count` of a bucket and books what is left of it.
  void Visit(const BoundedBucket& bucket, double* count) {
    if (*count == 0) return;
    const Kept kept = bucket.is_zero ? KeepZero(bucket) : Keep(bucket);
    if (kept.count != *count) changed_ = true;
    *count = kept.count;
    total_ += kept.count;
    if (kept.count != 0) sum_ += kept.count * Middle(bucket, kept);
  }

  bool changed() const { return changed_; }
  double total() const { return total_; }
  double sum() const { return sum_; }

 private:
  Kept Keep(const BoundedBucket& b) const {
    if (below_ ? b.upper <= limit_ : b.lower >= limit_) return {b.count, b.lower, b.upper};
    if (below_ ? b.lower >= limit_ : b.upper <= limit_) return {};
    if (b.lower == -kInfinity) return KeepLowest(b);
    if (b.upper == kInfinity) return KeepHighest(b);
    return Part(b);
  }

  Kept KeepZero(BoundedBucket b) const {
    const bool any_positive =
        std::ranges::any_of(h_.positive_buckets, [](double c) { return c != 0; });
    const bool any_negative =
        std::ranges::any_of(h_.negative_buckets, [](double c) { return c != 0; });
    if (any_positive && !any_negative) b.lower = 0;
    if (any_negative && !any_positive) b.upper = 0;
    return Keep(b);
  }

  // Straddled by the limit, both ends finite.
  Kept Part(const BoundedBucket& b) const {
    double fraction = 0;
    if (h_.UsesCustomBuckets() || b.is_zero) {
      fraction = (limit_ - b.lower) / (b.upper - b.lower);
    } else {
      const double low = std::log2(std::fabs(b.lower));
      const double high = std::log2(std::fabs(b.upper));
      const double at = std::log2(std::fabs(limit_));
      fraction = b.lower > 0 ? (at - low) / (high - low) : 1 - (at - high) / (low - high);
    }
    if (below_) return {b.count * fraction, b.lower, limit_};
    return {b.count * (1 - fraction), limit_, b.upper};
  }

  // (-Inf, b0] of custom buckets, taken to begin at 0 if b0 > 0.
  Kept KeepLowest(const BoundedBucket& b) const {
    if (b.upper == kInfinity) return {};  // One bucket of everything: nothing is known.
    if (b.upper <= 0) return below_ ? Kept{b.count, b.lower, limit_} : Kept{};
    if (below_) {
      if (limit_ <= 0) return {};
      return {b.count * limit_ / b.upper, 0, limit_};
    }
    if (limit_ < 0) return {};
    return {b.count * (1 - limit_ / b.upper), limit_, b.upper};
  }

  // (bn, +Inf)
  Kept KeepHighest(const BoundedBucket& b) const {
    return below_ ? Kept{} : Kept{b.count, limit_, limit_};
  }

  double Middle(const BoundedBucket& bucket, const Kept& kept) const {
    if (h_.UsesCustomBuckets()) {
      if (kept.lower == -kInfinity) return kept.upper <= 0 ? kept.upper : kept.upper / 2;
      if (kept.upper == kInfinity) return kept.lower;
      return (kept.lower + kept.upper) / 2;
    }
    if (bucket.is_zero || kept.lower * kept.upper <= 0) return (kept.lower + kept.upper) / 2;
    const double middle = std::sqrt(std::fabs(kept.lower) * std::fabs(kept.upper));
    return kept.lower < 0 ? -middle : middle;
  }

  const FloatHistogram& h_;
  double limit_;
  bool below_;
  bool changed_ = false;
  double total_ = 0;
  double sum_ = 0;
};

void Trim(double limit, bool keep_below, FloatHistogram* h) {
  FloatHistogram out = *h;
  Trimmer trimmer(*h, limit, keep_below);
  const IndexedBuckets positive = Expand(h->positive_spans, h->positive_buckets);
  for (size_t i = 0; i < positive.size(); ++i) {
    BoundedBucket bucket{.lower = LowerBound(positive[i].index, h->schema, h->custom_values),
                         .upper = UpperBound(positive[i].index, h->schema, h->custom_values),
                         .count = positive[i].count};
    if (!h->UsesCustomBuckets()) bucket.lower = std::max(bucket.lower, h->zero_threshold);
    trimmer.Visit(bucket, &out.positive_buckets[i]);
  }
  const IndexedBuckets negative = Expand(h->negative_spans, h->negative_buckets);
  for (size_t i = 0; i < negative.size(); ++i) {
    BoundedBucket bucket{.lower = -UpperBound(negative[i].index, h->schema, h->custom_values),
                         .upper = -LowerBound(negative[i].index, h->schema, h->custom_values),
                         .count = negative[i].count};
    bucket.upper = std::min(bucket.upper, -h->zero_threshold);
    trimmer.Visit(bucket, &out.negative_buckets[i]);
  }
  const BoundedBucket zero{.lower = -h->zero_threshold,
                           .upper = h->zero_threshold,
                           .count = h->zero_count,
                           .is_zero = true};
  trimmer.Visit(zero, &out.zero_count);
  if (!trimmer.changed()) return;
  out.count = trimmer.total();
  out.sum = trimmer.sum();
  Compact(&out);
  *h = std::move(out);
}

}  // namespace

void TrimUpper(double limit, FloatHistogram* h) { Trim(limit, true, h); }

void TrimLower(double limit, FloatHistogram* h) { Trim(limit, false, h); }

}  // namespace firn::query
