// Quantiles of plain values and of classic histogram buckets.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <vector>

namespace firn::query {

// NaN for no values or a NaN phi, -Inf below 0, +Inf above 1; else interpolated between
// the two nearest ranks, NaN counting as the smallest value. Reorders `values`.
double Quantile(double phi, std::span<double> values);
// The same for values in that order already; anything with size() and operator[].
template <typename Sorted>
double QuantileOfRanks(double phi, const Sorted& sorted) {
  if (sorted.size() == 0 || std::isnan(phi)) return std::numeric_limits<double>::quiet_NaN();
  if (phi < 0) return -std::numeric_limits<double>::infinity();
  if (phi > 1) return std::numeric_limits<double>::infinity();
  const auto n = static_cast<double>(sorted.size());
  const double rank = phi * (n - 1);
  const double lower = std::max(0.0, std::floor(rank));
  const double upper = std::min(n - 1, lower + 1);
  const double weight = rank - std::floor(rank);
  return sorted[static_cast<size_t>(lower)] * (1 - weight) +
         sorted[static_cast<size_t>(upper)] * weight;
}
// The order that both use: NaN first.
inline bool QuantileLess(double a, double b) { return a < b || (a != a && b == b); }

// A cumulative bucket of a classic histogram.
struct Bucket {
  double upper = 0;  // `le`.
  double count = 0;
};

struct BucketQuantileResult {
  double value = 0;
  // A count fell from one bucket to the next by more than rounding explains, and was
  // raised: between these bounds, by this much at most.
  bool forced_monotonic = false;
  double min_bucket = 0;
  double max_bucket = 0;
  double max_difference = 0;
};

// histogram_quantile of one set of buckets. Reorders and merges `buckets`.
// REQUIRES: !buckets->empty().
BucketQuantileResult BucketQuantile(double phi, std::vector<Bucket>* buckets);

}  // namespace firn::query
