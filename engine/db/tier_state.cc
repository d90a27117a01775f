#include "engine/db/tier_state.h"

#include <algorithm>
#include <map>

#include "engine/db/reading/read_cost.h"

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
    group.end = start + width;
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

bool IsOf(const TierSource& source, const TierGroup& group) {
  return source.start >= group.start && source.start < group.end;
}

TimeRanges TimesOf(const TierRecord& record) {
  TimeRanges times;
  for (const TierSource& source : record.sources) times.push_back(source.range());
  return JoinRanges(std::move(times));
}

const StoredTier* FindTier(const Version& version, DurationMs resolution, const TierGroup& group) {
  for (const StoredTier& tier : version.tiers) {
    if (tier.record.resolution != resolution) continue;
    const std::vector<TierSource>& sources = tier.record.sources;
    if (std::any_of(sources.begin(), sources.end(),
                    [&](const TierSource& source) { return IsOf(source, group); })) {
      return &tier;
    }
  }
  return nullptr;
}

bool Applies(const Tombstone& tombstone, const TierRecord& record) {
  if (tombstone.number <= record.tombstones) return false;
  return std::any_of(record.sources.begin(), record.sources.end(), [&](const TierSource& source) {
    return tombstone.range.Overlaps(source.range());
  });
}

TierState StateOf(const Version& version, const TierGroup& group, DurationMs resolution) {
  const StoredTier* tier = FindTier(version, resolution, group);
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
  std::vector<TierSource> sources = tier->record.sources;
  std::erase_if(sources, [&](const TierSource& source) { return !IsOf(source, group); });
  if (thinned || !GoneTimes(RawCoverage(version), sources).empty()) return TierState::kFixed;
  TimeRange listed{kMaxTimestamp, kMinTimestamp};
  uint64_t listed_samples = 0;
  for (const TierSource& source : sources) {
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

bool SavesReading(const Version& version, const TierGroup& group, DurationMs resolution) {
  if (group.windows.empty()) return false;
  uint64_t raw = 0;
  uint64_t series = 0;
  TimeRange span{kMaxTimestamp, kMinTimestamp};
  for (const size_t i : group.windows) {
    const storage::WindowSummary& summary = version.windows[i].record.summary;
    raw += RawReadCost(summary.float_samples + summary.histogram_samples, summary.series);
    // At least: windows beside each other have most of them in common.
    series = std::max<uint64_t>(series, summary.series);
    span = {std::min(span.min, summary.min_t), std::max(span.max, summary.max_t)};
  }
  return TierSavesReading(raw, series, span, resolution, group.end - group.start);
}

TimeRanges RawCoverage(const Version& version) {
  TimeRanges ranges;
  for (const StoredWindow& window : version.windows) {
    if (!window.record.thinned) ranges.push_back(SourceOf(window).range());
  }
  return JoinRanges(std::move(ranges));
}

TimeRanges GoneTimes(const TimeRanges& coverage, std::span<const TierSource> sources) {
  TimeRanges gone;
  for (const TierSource& source : sources) {
    const TimeRange range = source.range();
    const auto after =
        std::upper_bound(coverage.begin(), coverage.end(), range.min,
                         [](TimestampMs t, const TimeRange& covered) { return t < covered.min; });
    if (after == coverage.begin() || std::prev(after)->max < range.max) gone.push_back(range);
  }
  return JoinRanges(std::move(gone));
}

std::vector<TierJoin> PlanJoins(const Version& version, DurationMs resolution, DurationMs width,
                                DurationMs tier_window, TimestampMs horizon) {
  std::map<TimestampMs, TierJoin> spans;
  for (size_t i = 0; i < version.tiers.size(); ++i) {
    const TierRecord& record = version.tiers[i].record;
    const TimestampMs start = FloorTo(record.id.start, width);
    if (record.resolution != resolution || start > horizon - width ||
        record.id.end > start + width) {
      continue;
    }
    TierJoin& span = spans[start];
    span.start = start;
    span.end = start + width;
    span.tiers.push_back(i);
  }
  std::erase_if(spans, [](const auto& span) { return span.second.tiers.size() < 2; });
  if (spans.empty()) return {};  // As a rule.
  for (const TierGroup& group : GroupWindows(version, tier_window)) {
    const auto span = spans.find(FloorTo(group.start, width));
    if (span == spans.end()) continue;
    const TierState state = StateOf(version, group, resolution);
    if (state == TierState::kMissing || state == TierState::kStale) spans.erase(span);
  }
  std::vector<TierJoin> out;
  for (auto& [start, span] : spans) out.push_back(std::move(span));
  return out;
}

}  // namespace firn::engine
