// What is estimated from the buckets of a native histogram: quantiles, fractions, spread.
#pragma once

#include <vector>

#include "base/histogram.h"
#include "query/functions/quantile.h"

namespace firn::query {

enum class NanFinding : uint8_t {
  kNone,
  kSkewed,     // NaN observations exist: a quantile is skewed higher.
  kResultNan,  // The rank falls on NaN observations.
  kExcluded,   // NaN observations are left out of a fraction.
};

// histogram_quantile; `*finding` tells of NaN observations.
double NativeQuantile(double phi, const FloatHistogram& h, NanFinding* finding);
// histogram_fraction of what lies between the two bounds.
double NativeFraction(double lower, double upper, const FloatHistogram& h, NanFinding* finding);
// The same of classic buckets. Reorders and merges `buckets`. REQUIRES: !buckets->empty().
double BucketFraction(double lower, double upper, std::vector<Bucket>* buckets);
// histogram_stdvar.
double NativeVariance(const FloatHistogram& h);

}  // namespace firn::query
