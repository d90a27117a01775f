#include "query/functions/histogram/histogram_estimates.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "query/functions/histogram/histogram_buckets.h"
#include "query/functions/kahan.h"

namespace firn::query {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

// A zero bucket next to buckets of one sign only holds no values of the other sign.
void NarrowZero(const FloatHistogram& h, BoundedBucket* bucket) {
  if (!(bucket->lower < 0 && bucket->upper > 0)) return;
  if (h.negative_buckets.empty() && !h.positive_buckets.empty()) bucket->lower = 0;
  if (h.positive_buckets.empty() && !h.negative_buckets.empty()) bucket->upper = 0;
}

bool IsLinear(const FloatHistogram& h, const BoundedBucket& bucket) {
  return h.UsesCustomBuckets() || (bucket.lower <= 0 && bucket.upper >= 0);
}

double Observed(const FloatHistogram& h) {
  double sum = h.zero_count;
  for (const double count : h.positive_buckets) sum += count;
  for (const double count : h.negative_buckets) sum += count;
  return sum;
}

double WithinBucket(const FloatHistogram& h, const BoundedBucket& bucket, double fraction) {
  if (IsLinear(h, bucket)) return bucket.lower + (bucket.upper - bucket.lower) * fraction;
  // Exponential buckets are interpolated as if split further.
  const double low = std::log2(std::fabs(bucket.lower));
  const double high = std::log2(std::fabs(bucket.upper));
  if (bucket.lower > 0) return std::exp2(low + (high - low) * fraction);
  return -std::exp2(high + (low - high) * (1 - fraction));
}

// The rank that `value` has within a bucket that contains it.
double RankWithin(const FloatHistogram& h, const BoundedBucket& bucket, double rank, double value) {
  if (IsLinear(h, bucket)) {
    return rank + bucket.count * (value - bucket.lower) / (bucket.upper - bucket.lower);
  }
  const double low = std::log2(std::fabs(bucket.lower));
  const double high = std::log2(std::fabs(bucket.upper));
  const double at = std::log2(std::fabs(value));
  const double fraction = value > 0 ? (at - low) / (high - low) : 1 - (at - high) / (low - high);
  return rank + bucket.count * fraction;
}

// Ranks of the two bounds by one walk over the buckets.
class FractionRanks {
 public:
  FractionRanks(double lower, double upper) : lower_(lower), upper_(upper) {}

  // False once both are known. `within` gives the rank of a value inside the bucket.
  template <typename Within>
  bool Visit(const BoundedBucket& bucket, double rank, const Within& within) {
    const auto settle = [&](double bound, double* out, bool* set) {
      if (*set) return;
      if (bucket.lower >= bound) {
        *out = rank;
        *set = true;
      } else if (bucket.upper > bound) {
        *out = within(bound);
        *set = true;
      }
    };
    settle(lower_, &lower_rank_, &lower_set_);
    settle(upper_, &upper_rank_, &upper_set_);
    return !(lower_set_ && upper_set_);
  }

  double Result(double total, double divisor) const {
    const double low = lower_set_ ? std::min(lower_rank_, total) : total;
    const double high = upper_set_ ? std::min(upper_rank_, total) : total;
    return (high - low) / divisor;
  }

 private:
  double lower_;
  double upper_;
  double lower_rank_ = 0;
  double upper_rank_ = 0;
  bool lower_set_ = false;
  bool upper_set_ = false;
};

}  // namespace

double NativeQuantile(double phi, const FloatHistogram& h, NanFinding* finding) {
  *finding = NanFinding::kNone;
  if (phi < 0) return -kInfinity;
  if (phi > 1) return kInfinity;
  if (h.count == 0 || std::isnan(phi)) return kNan;
  std::vector<BoundedBucket> buckets = AllBuckets(h);
  // From the nearer end; NaN observations are in no bucket, so then from below.
  const bool forward = std::isnan(h.sum) || phi < 0.5;
  double rank = forward ? phi * h.count : (1 - phi) * h.count;
  if (!forward) std::ranges::reverse(buckets);
  double count = 0;
  BoundedBucket bucket;
  for (const BoundedBucket& b : buckets) {
    if (b.count == 0) continue;
    bucket = b;
    count += b.count;
    if (count >= rank) break;
  }
  NarrowZero(h, &bucket);
  if (h.UsesCustomBuckets()) {
    if (bucket.lower == -kInfinity) {
      if (bucket.upper <= 0) return bucket.upper;
      bucket.lower = 0;
    } else if (bucket.upper == kInfinity) {
      return bucket.lower;
    }
  }
  // Due to rounding, or since NaN observations are in no bucket, the rank may be out of reach.
  if (count < rank) {
    if (std::isnan(h.sum)) {
      *finding = NanFinding::kResultNan;
      return kNan;
    }
    return bucket.upper;
  }
  if (std::isnan(h.sum) && Observed(h) < h.count) *finding = NanFinding::kSkewed;
  // The rank counted from the bucket's lower end.
  rank = forward ? rank - (count - bucket.count) : count - rank;
  return WithinBucket(h, bucket, rank / bucket.count);
}

double NativeFraction(double lower, double upper, const FloatHistogram& h, NanFinding* finding) {
  *finding = NanFinding::kNone;
  if (h.count == 0 || std::isnan(lower) || std::isnan(upper)) return kNan;
  if (std::isnan(h.sum) && Observed(h) < h.count) *finding = NanFinding::kExcluded;
  if (lower >= upper) return 0;
  FractionRanks ranks(lower, upper);
  double rank = 0;
  for (BoundedBucket bucket : AllBuckets(h)) {
    NarrowZero(h, &bucket);
    const auto within = [&](double value) {
      if (bucket.lower == -kInfinity) {
        if (bucket.upper <= 0 || value <= 0) return rank + bucket.count;
        BoundedBucket from_zero = bucket;
        from_zero.lower = 0;
        return RankWithin(h, from_zero, rank, value);
      }
      return bucket.upper == kInfinity ? rank : RankWithin(h, bucket, rank, value);
    };
    const double before = rank;
    if (!ranks.Visit(bucket, before, within)) break;
    rank += bucket.count;
  }
  // NaN observations are in no bucket, but count in the whole.
  return ranks.Result(std::isnan(h.sum) ? Observed(h) : h.count, h.count);
}

double BucketFraction(double lower, double upper, std::vector<Bucket>* buckets) {
  std::ranges::sort(*buckets, {}, &Bucket::upper);
  if (buckets->back().upper != kInfinity) return kNan;
  std::vector<Bucket> merged;
  for (const Bucket& bucket : *buckets) {
    if (!merged.empty() && merged.back().upper == bucket.upper) {
      merged.back().count += bucket.count;
    } else {
      merged.push_back(bucket);
    }
  }
  const double total = merged.back().count;
  if (total == 0 || std::isnan(lower) || std::isnan(upper)) return kNan;
  if (lower >= upper) return 0;
  FractionRanks ranks(lower, upper);
  double previous = 0;
  for (size_t i = 0; i < merged.size(); ++i) {
    BoundedBucket bucket{.lower = i > 0                 ? merged[i - 1].upper
                                  : merged[0].upper > 0 ? 0
                                                        : -kInfinity,
                         .upper = merged[i].upper,
                         .count = merged[i].count - previous};
    const auto within = [&](double value) {
      if (bucket.lower == -kInfinity) return previous + bucket.count;
      if (bucket.upper == kInfinity) return previous;
      return previous + bucket.count * (value - bucket.lower) / (bucket.upper - bucket.lower);
    };
    if (!ranks.Visit(bucket, previous, within)) break;
    previous = merged[i].count;
  }
  return ranks.Result(total, total);
}

double NativeVariance(const FloatHistogram& h) {
  const double mean = h.sum / h.count;
  double variance = 0;
  double lost = 0;
  for (const BoundedBucket& bucket : AllBuckets(h)) {
    if (bucket.count == 0) continue;
    double middle = 0;
    if (h.UsesCustomBuckets()) {
      middle = (bucket.upper + bucket.lower) / 2;
    } else if (!(bucket.lower <= 0 && bucket.upper >= 0)) {
      middle = std::sqrt(bucket.upper * bucket.lower);
      if (bucket.upper < 0) middle = -middle;
    }
    const double delta = middle - mean;
    KahanAdd(bucket.count * delta * delta, &variance, &lost);
  }
  return (variance + lost) / h.count;
}

}  // namespace firn::query
