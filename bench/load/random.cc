#include <cmath>

#include "bench/load/fleet.h"

namespace firn::bench {

uint64_t Random::Next() {
  uint64_t z = (state_ += 0x9e3779b97f4a7c15);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

double Random::Uniform() { return static_cast<double>(Next() >> 11) * 0x1p-53; }

double Random::Normal(double mean, double deviation) {
  // The sum of four uniform numbers has a variance of 1/3; close enough to a bell.
  const double sum = Uniform() + Uniform() + Uniform() + Uniform() - 2;
  return mean + deviation * sum * 1.7320508075688772;
}

}  // namespace firn::bench
