#include "bench/forecast/planned_series.h"

#include <cmath>

namespace firn::bench {

double PlannedSeries::Next() {
  const size_t i = next_++;
  const double day = static_cast<double>(i) / 24;
  const double hour = static_cast<double>(i % 24);
  wander_ = 0.99 * wander_ + normal_(rng_);
  double v = 200 + 0.1 * static_cast<double>(number_ % 7) * day +
             60 * std::exp(-(hour - 14) * (hour - 14) / 18) - (i / 24 % 7 >= 5 ? 30 : 0) + wander_ +
             8 * normal_(rng_);
  if (number_ % 2 == 0) return v;
  if (i > points_ / 2) v += 50;
  return rng_() % 50 == 0 ? std::nan("") : v;
}

}  // namespace firn::bench
