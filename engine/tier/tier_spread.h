// Makes up samples inside buckets, for windows that cut them where no raw samples are left.
#pragma once

#include <string_view>

#include "engine/api/querier.h"
#include "engine/tier/tier_samples.h"

namespace firn::engine {

// What the values between the first and the last sample of a bucket are.
enum class SpreadShape : uint8_t {
  kLevel,  // A counter climbs evenly; anything else stays at the mean.
  kClimb,  // A counter's steady climb, resets included.
  kLine,   // From the first to the last value.
  kMin,    // The minimum, or
  kMax,    // ... the maximum.
};

SpreadShape ShapeFor(std::string_view function, DurationMs range);

// Appends as many samples as each bucket had, evenly spaced from the first to the last, that
// fall into `range`; of histograms no more than one per `spacing`, which suffices for windows.
// False if all of them are samples that were kept as they are.
bool AppendSpread(const TierColumns& columns, SpreadShape shape, const TimeRange& range,
                  DurationMs spacing, SampleColumns* out);

}  // namespace firn::engine
