#include "engine/db/tier_state.h"

#include <algorithm>
#include <map>

namespace firn::engine {
namespace {

bool Lists(const StoredTier& tier, const StoredWindow& window) {
  const std::vector<TierSource>& sources = tier.record.sources;
  return std::find(sources.begin(), sources.end(), SourceOf(window)) != sources.end();
}

}  // namespace

std::vector<TierGroup> GroupWindows(const Version& version, DurationMs width) {
  std::map<TimestampMs, TierGroup> groups;
  for (size_t i = 0; i < version.windows.size(); ++i) {
    const TimestampMs start = FloorTo(version.windows[i].record.id.start, width);
    TierGroup& group = groups[start];
    group.start = start;
    group.windows.push_back(i);
  }
  std::vector<TierGroup> out;
  for (auto& [start, group] : groups) out.push_back(std::move(group));
  return out;
}

TierSource SourceOf(const StoredWindow& window) {
  const WindowRecord& record = window.record;
  return {.start = record.id.start,
          .end = record.id.end,
          .generation = record.id.generation,
          .samples = record.summary.float_samples + record.summary.histogram_samples};
}

const StoredTier* FindTier(const Version& version, DurationMs resolution, TimestampMs start) {
  for (const StoredTier& tier : version.tiers) {
    if (tier.record.resolution == resolution && tier.record.id.start == start) return &tier;
  }
  return nullptr;
}

TierState StateOf(const Version& version, const TierGroup& group, DurationMs resolution) {
  const StoredTier* tier = FindTier(version, resolution, group.start);
  if (tier == nullptr) return TierState::kMissing;
  bool all_listed = true;
  bool thinned = false;
  uint64_t samples = 0;
  for (const size_t i : group.windows) {
    all_listed &= Lists(*tier, version.windows[i]);
    thinned |= version.windows[i].record.thinned;
    samples += SourceOf(version.windows[i]).samples;
  }
  if (all_listed) return TierState::kCurrent;
  if (thinned || !GoneTimes(RawCoverage(version), *tier).empty()) return TierState::kFixed;
  TimeRange listed{kMaxTimestamp, kMinTimestamp};
  uint64_t listed_samples = 0;
  for (const TierSource& source : tier->record.sources) {
    listed = {std::min(listed.min, source.start), std::max(listed.max, source.end)};
    listed_samples += source.samples;
  }
  // A merge adds no sample and no time.
  const bool within = std::all_of(group.windows.begin(), group.windows.end(), [&](size_t i) {
    const storage::WindowId& id = version.windows[i].record.id;
    return id.start >= listed.min && id.end <= listed.max;
  });
  return within && samples == listed_samples ? TierState::kMoved : TierState::kStale;
}

TimeRanges RawCoverage(const Version& version) {
  TimeRanges ranges;
  for (const StoredWindow& window : version.windows) {
    if (!window.record.thinned) ranges.push_back(SourceOf(window).range());
  }
  return JoinRanges(std::move(ranges));
}

TimeRanges GoneTimes(const TimeRanges& coverage, const StoredTier& tier) {
  TimeRanges gone;
  for (const TierSource& source : tier.record.sources) {
    const TimeRange range = source.range();
    const auto after =
        std::upper_bound(coverage.begin(), coverage.end(), range.min,
                         [](TimestampMs t, const TimeRange& covered) { return t < covered.min; });
    if (after == coverage.begin() || std::prev(after)->max < range.max) gone.push_back(range);
  }
  return JoinRanges(std::move(gone));
}

}  // namespace firn::engine
