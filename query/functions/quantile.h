// Quantiles of plain values and of classic histogram buckets.
#pragma once

#include <span>
#include <vector>

namespace firn::query {

// NaN for no values or a NaN phi, -Inf below 0, +Inf above 1; else interpolated between
// the two nearest ranks, NaN counting as the smallest value. Reorders `values`.
double Quantile(double phi, std::span<double> values);
// The same for values in that order already.
double QuantileOfSorted(double phi, std::span<const double> sorted);
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
