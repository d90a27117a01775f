// Series like those that planners ask about, an hour from value to value.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>

namespace firn::bench {

// Trend, day, week, noise and swings; with gaps and a jump for odd numbers. The same for the same
// number.
class PlannedSeries {
 public:
  PlannedSeries(uint64_t number, size_t points) : number_(number), points_(points), rng_(number) {}

  // The next value, which is NaN in a gap.
  double Next();

 private:
  const uint64_t number_;
  const size_t points_;  // Of all of it.
  std::mt19937_64 rng_;
  std::normal_distribution<double> normal_;
  double wander_ = 0;
  size_t next_ = 0;
};

}  // namespace firn::bench
