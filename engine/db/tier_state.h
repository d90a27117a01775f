// How the windows of tiers stand to the windows of raw samples. Pure functions of a version.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/db/version.h"

namespace firn::engine {

enum class TierState : uint8_t {
  kCurrent,  // It holds every raw window there is,
  kMoved,    // ... which were merged meanwhile, without a change of their samples.
  kMissing,  // There is none.
  kStale,    // Raw windows came or changed; it can be made anew.
  kFixed,    // The same, but some of the raw samples it was made of are gone.
};

// The raw windows that begin in [start, start + width), and what is made of them.
struct TierGroup {
  TimestampMs start = 0;
  std::vector<size_t> windows;  // Of the version, in its order.
};

// By start. REQUIRES: width > 0.
std::vector<TierGroup> GroupWindows(const Version& version, DurationMs width);

TierSource SourceOf(const StoredWindow& window);

// Null if there is none.
const StoredTier* FindTier(const Version& version, DurationMs resolution, TimestampMs start);

// Of the tier's window over the group.
TierState StateOf(const Version& version, const TierGroup& group, DurationMs resolution);

// What windows of raw samples span, but for those that hold only some of their series.
TimeRanges RawCoverage(const Version& version);

// The times over which `tier` was made of raw samples that are no longer there.
TimeRanges GoneTimes(const TimeRanges& coverage, const StoredTier& tier);

}  // namespace firn::engine
