#include "engine/db/reading/resolution.h"

#include <algorithm>

#include "engine/db/reading/read_cost.h"
#include "engine/db/tier_state.h"

namespace firn::engine {
namespace {

// A set of times.
class Times {
 public:
  void Add(const TimeRange& range) { ranges_.push_back(range); }
  bool Overlaps(const TimeRange& range) const {
    return std::any_of(ranges_.begin(), ranges_.end(),
                       [&](const TimeRange& r) { return r.Overlaps(range); });
  }

 private:
  std::vector<TimeRange> ranges_;
};

class Chooser {
 public:
  Chooser(const Version& version, const TimeRanges& unsealed, const TimeRange& range,
          const SelectHints& hints)
      : version_(version),
        unsealed_(unsealed),
        range_(range),
        hints_(hints),
        coverage_(RawCoverage(version)),
        replaced_(version.windows.size()) {}

  ReadChoice Choose() {
    const std::optional<TierUse> use = UseFor(hints_.function, hints_.range);
    if (use) choice_.use = *use;
    for (size_t i = version_.tiers.size(); i-- > 0;) {
      const StoredTier& tier = version_.tiers[i];
      if (!MayHold(tier) || !Allowed(tier)) continue;
      const bool exact = use && Aligned(tier.record.resolution);
      // A limit asks for speed even where it costs exactness.
      if (exact || hints_.resolution_max) Stand(i, exact);
    }
    for (size_t i = 0; i < version_.tiers.size(); ++i) {
      if (MayHold(version_.tiers[i]) && Allowed(version_.tiers[i])) Fill(i);
    }
    std::sort(choice_.tiers.begin(), choice_.tiers.end(), [&](const auto& a, const auto& b) {
      return version_.tiers[a.tier].record.id.start < version_.tiers[b.tier].record.id.start;
    });
    for (size_t i = 0; i < version_.windows.size(); ++i) {
      const storage::WindowSummary& summary = version_.windows[i].record.summary;
      if (!range_.Overlaps({summary.min_t, summary.max_t})) continue;
      (replaced_[i] ? choice_.replaced : choice_.raw).push_back(i);
    }
    return std::move(choice_);
  }

 private:
  bool MayHold(const StoredTier& tier) const {
    return range_.Overlaps({tier.record.summary.min_t, tier.record.summary.max_t});
  }

  bool Allowed(const StoredTier& tier) const {
    return !hints_.resolution_max || tier.record.resolution <= *hints_.resolution_max;
  }

  // All edges of all windows are edges of buckets. (An instant selector has the one edge.)
  bool Aligned(DurationMs resolution) const {
    return hints_.window_end && *hints_.window_end % resolution == 0 &&
           hints_.window_step % resolution == 0 && hints_.range % resolution == 0;
  }

  bool MayBeUnsealed(const TimeRanges& times) const {
    for (const TimeRange& open : unsealed_) {
      if (std::any_of(times.begin(), times.end(),
                      [&](const TimeRange& range) { return range.Overlaps(open); })) {
        return true;
      }
    }
    return false;
  }

  // The raw windows that the tier was made of. None if there are others in its time.
  std::optional<std::vector<size_t>> Listed(const StoredTier& tier, const TimeRanges& times) const {
    const auto& windows = version_.windows;
    const auto& sources = tier.record.sources;
    const TimeRange all{times.front().min, times.back().max};
    std::vector<size_t> listed;
    for (size_t i = 0; i < windows.size(); ++i) {
      const TierSource window = SourceOf(windows[i]);
      if (!all.Overlaps(window.range())) continue;
      if (std::find(sources.begin(), sources.end(), window) != sources.end()) {
        listed.push_back(i);
      } else if (std::any_of(times.begin(), times.end(), [&](const TimeRange& range) {
                   return range.Overlaps(window.range());
                 })) {
        return std::nullopt;
      }
    }
    return listed;
  }

  // Whether the tier answers faster than its raw windows do, or is all that is left of some.
  bool SavesWork(const StoredTier& tier, const std::vector<size_t>& raw) const {
    if (!GoneTimes(coverage_, tier.record.sources).empty()) return true;
    uint64_t cost = 0;
    for (const size_t i : raw) {
      const storage::WindowSummary& window = version_.windows[i].record.summary;
      cost += RawReadCost(window.float_samples + window.histogram_samples, window.series);
    }
    const storage::WindowSummary& summary = tier.record.summary;
    const uint64_t buckets = BucketsBetween({summary.min_t, summary.max_t}, tier.record.resolution);
    return cost >= TierReadCost(summary.series, buckets);
  }

  // Lets the tier stand for its sources, if it can and if it pays.
  void Stand(size_t index, bool exact) {
    const StoredTier& tier = version_.tiers[index];
    TimeRanges times = TimesOf(tier.record);
    if (times.empty() || MayBeUnsealed(times)) return;
    for (const TimeRange& range : times) {
      if (taken_.Overlaps(range)) return;
    }
    const std::optional<std::vector<size_t>> listed = Listed(tier, times);
    if (!listed || (!hints_.resolution_max && !SavesWork(tier, *listed))) return;
    for (const size_t i : *listed) replaced_[i] = true;
    for (const TimeRange& range : times) taken_.Add(range);
    choice_.tiers.push_back(
        {.tier = index,
         .exact = exact,
         .times = times,
         .spread = exact ? GoneTimes(coverage_, tier.record.sources) : std::move(times)});
  }

  // Spreads the tier's buckets where nothing else is left.
  void Fill(size_t index) {
    const StoredTier& tier = version_.tiers[index];
    TierPart part{.tier = index, .exact = false, .times = TimesOf(tier.record), .spread = {}};
    for (const TimeRange& gone : GoneTimes(coverage_, tier.record.sources)) {
      if (range_.Overlaps(gone) && !taken_.Overlaps(gone)) part.spread.push_back(gone);
    }
    if (part.spread.empty()) return;
    for (const TimeRange& range : part.spread) taken_.Add(range);
    choice_.tiers.push_back(std::move(part));
  }

  const Version& version_;
  const TimeRanges& unsealed_;
  const TimeRange range_;
  const SelectHints& hints_;
  const TimeRanges coverage_;
  std::vector<bool> replaced_;
  Times taken_;  // What tiers stand for already.
  ReadChoice choice_;
};

}  // namespace

ReadChoice ChooseWindows(const Version& version, const TimeRanges& unsealed, const TimeRange& range,
                         const SelectHints& hints) {
  return Chooser(version, unsealed, range, hints).Choose();
}

}  // namespace firn::engine
