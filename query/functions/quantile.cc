#include "query/functions/quantile.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/check.h"

namespace firn::query {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
// Relative difference of neighbouring counts that rounding explains.
constexpr double kSmallDelta = 1e-12;

bool AlmostEqual(double a, double b) {
  if (a == b) return true;
  const double sum = std::fabs(a) + std::fabs(b);
  const double difference = std::fabs(a - b);
  constexpr double kMinNormal = std::numeric_limits<double>::min();
  if (a == 0 || b == 0 || sum < kMinNormal) return difference < kSmallDelta * kMinNormal;
  return difference / std::min(sum, std::numeric_limits<double>::max()) < kSmallDelta;
}

// Buckets of equal bounds (`1` and `1.0`) become one.
void MergeEqualBounds(std::vector<Bucket>* buckets) {
  size_t kept = 0;
  for (size_t i = 1; i < buckets->size(); ++i) {
    if ((*buckets)[i].upper == (*buckets)[kept].upper) {
      (*buckets)[kept].count += (*buckets)[i].count;
    } else {
      (*buckets)[++kept] = (*buckets)[i];
    }
  }
  buckets->resize(kept + 1);
}

void ForceMonotonic(std::vector<Bucket>* buckets, BucketQuantileResult* result) {
  result->min_bucket = kInfinity;
  result->max_bucket = -kInfinity;
  double previous = buckets->front().count;
  for (size_t i = 1; i < buckets->size(); ++i) {
    auto& [upper, count] = (*buckets)[i];
    if (count == previous) continue;
    if (AlmostEqual(previous, count)) {
      count = previous;
    } else if (count < previous) {
      result->forced_monotonic = true;
      result->min_bucket = std::min(result->min_bucket, upper);
      result->max_bucket = std::max(result->max_bucket, upper);
      result->max_difference = std::max(result->max_difference, previous - count);
      count = previous;
    } else {
      previous = count;
    }
  }
}

double Interpolate(double phi, const std::vector<Bucket>& buckets) {
  double rank = phi * buckets.back().count;
  // The last bucket has no upper end to interpolate to, so it is not searched.
  size_t b = 0;
  while (b + 1 < buckets.size() && !(buckets[b].count >= rank)) ++b;
  if (b == buckets.size() - 1) return buckets[buckets.size() - 2].upper;
  if (b == 0 && buckets[0].upper <= 0) return buckets[0].upper;
  double start = 0;
  double count = buckets[b].count;
  if (b > 0) {
    start = buckets[b - 1].upper;
    count -= buckets[b - 1].count;
    rank -= buckets[b - 1].count;
  }
  return start + (buckets[b].upper - start) * (rank / count);
}

}  // namespace

double Quantile(double phi, std::span<double> values) {
  std::sort(values.begin(), values.end(), QuantileLess);
  return QuantileOfRanks(phi, values);
}

BucketQuantileResult BucketQuantile(double phi, std::vector<Bucket>* buckets) {
  FIRN_CHECK(!buckets->empty());
  BucketQuantileResult result{.value = kNan};
  if (std::isnan(phi)) return result;
  if (phi < 0 || phi > 1) {
    result.value = phi < 0 ? -kInfinity : kInfinity;
    return result;
  }
  std::sort(buckets->begin(), buckets->end(),
            [](const Bucket& a, const Bucket& b) { return a.upper < b.upper; });
  if (buckets->back().upper != kInfinity) return result;
  MergeEqualBounds(buckets);
  ForceMonotonic(buckets, &result);
  if (buckets->size() < 2 || buckets->back().count == 0) return result;
  result.value = Interpolate(phi, *buckets);
  return result;
}

}  // namespace firn::query
