// Estimators that a minority of wild values cannot move, and random numbers for simulation.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace firn::query {

// The middle value, or the mean of the two middle ones; NaN if empty. Reorders `v`, which must
// hold no NaN.
double MedianInPlace(std::span<double> v);

// Mean of the middle half: nearly as efficient as a mean, nearly as robust as a median, and
// smooth where values take few levels. NaN if empty. Reorders `v`, which must hold no NaN.
double MidmeanInPlace(std::span<double> v);

// Median of |v - median(v)|, times 1.4826: the standard deviation if v is normal. Reorders `v`.
double MadInPlace(std::span<double> v);

// Median of the slopes of all pairs (Theil 1950, Sen 1968). 0 with less than two points.
// REQUIRES: x strictly increasing, equal sizes. Costs n^2.
double TheilSenSlope(std::span<const double> x, std::span<const double> y);

// Quantile q of sorted values, between the neighbours. REQUIRES: not empty.
double SortedQuantile(std::span<const double> sorted, double q);

// Several order statistics of many small sets at a fraction of the cost of std::nth_element, whose
// branches no processor predicts: values are dealt to buckets first. One thread at a time.
class RankSelector {
 public:
  // out[k] is the value of rank ranks[k], exactly. REQUIRES: v not empty, no NaN, ranks ascending
  // and below v.size(), equal sizes of ranks and out.
  void Select(std::span<const double> v, std::span<const size_t> ranks, std::span<double> out);

 private:
  std::vector<uint8_t> bucket_;
  std::vector<double> dealt_;
};

// splitmix64 (Steele, Lea, Flood 2014). The same numbers on every machine.
class FastRandom {
 public:
  explicit FastRandom(uint64_t seed) : state_(seed) {}

  uint64_t Next() {
    uint64_t z = (state_ += 0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }
  // Uniform in [0, n). REQUIRES: 0 < n < 2^32.
  size_t Below(size_t n) { return static_cast<size_t>(((Next() >> 32) * n) >> 32); }
  // Standard normal, from a table of 4,096 quantiles: |x| <= 3.7.
  double Normal();
  // Chi-squared with `freedom` degrees (Wilson, Hilferty 1931), never below a small positive value.
  double ChiSquared(double freedom);

 private:
  uint64_t state_;
};

}  // namespace firn::query
