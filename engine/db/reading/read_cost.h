// What reading stored samples costs, and whether a tier saves any of it. Pure functions.
#pragma once

#include <cstdint>
#include <vector>

#include "base/time.h"

namespace firn::engine {

// Of raw samples of one window; in samples that could be decoded in the time.
uint64_t RawReadCost(uint64_t samples, uint64_t series);
// Of so many buckets of each series, in a window of a tier or its share of one that `joined` of
// them became.
uint64_t TierReadCost(uint64_t series, uint64_t buckets, int64_t joined = 1);
// In these times; series that come and go have fewer. REQUIRES: span.min <= span.max.
uint64_t BucketsBetween(const TimeRange& span, DurationMs resolution);

// So many windows of a tier become one, when all are there: factors, ascending.
std::vector<int64_t> JoinFactors(DurationMs resolution, DurationMs tier_window);

// Whether queries would read a window of a tier in place of raw samples that cost `raw`, once it
// is joined with its neighbours.
bool TierSavesReading(uint64_t raw, uint64_t series, const TimeRange& span, DurationMs resolution,
                      DurationMs tier_window);

}  // namespace firn::engine
