// How the windows of tiers stand to the windows of raw samples. Pure functions of a version.
#pragma once

#include <cstdint>
#include <span>
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

// The raw windows that begin in [start, end), and what is made of them.
struct TierGroup {
  TimestampMs start = 0;
  TimestampMs end = 0;
  std::vector<size_t> windows;  // Of the version, in its order.
};

// By start. REQUIRES: width > 0.
std::vector<TierGroup> GroupWindows(const Version& version, DurationMs width);

TierSource SourceOf(const StoredWindow& window);

// The one that was made of raw windows of the group; null if there is none.
const StoredTier* FindTier(const Version& version, DurationMs resolution, const TierGroup& group);

// What it was made of and stands for: a joined tier covers several groups, of which some may have
// been made anew since.
bool IsOf(const TierSource& source, const TierGroup& group);
TimeRanges TimesOf(const TierRecord& record);

// Whether the tombstone may have something to remove from the tier.
bool Applies(const Tombstone& tombstone, const TierRecord& record);

// Of the tier over the group.
TierState StateOf(const Version& version, const TierGroup& group, DurationMs resolution);

// Whether queries would read a tier over the group in place of its raw samples.
bool SavesReading(const Version& version, const TierGroup& group, DurationMs resolution);

// What windows of raw samples span, but for those that hold only some of their series.
TimeRanges RawCoverage(const Version& version);

// The times of sources of a tier of which raw samples are no longer there.
TimeRanges GoneTimes(const TimeRanges& coverage, std::span<const TierSource> sources);

// Windows of one tier that are to become one.
struct TierJoin {
  TimestampMs start = 0;
  TimestampMs end = 0;
  std::vector<size_t> tiers;  // Of the version.
};
// Spans of `width` that end at `horizon` at the latest, of which nothing is missing or stale. A
// span begins at a multiple of the width.
std::vector<TierJoin> PlanJoins(const Version& version, DurationMs resolution, DurationMs width,
                                DurationMs tier_window, TimestampMs horizon);

}  // namespace firn::engine
