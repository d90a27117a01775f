#include <algorithm>
#include <array>

#include "engine/db/impl.h"
#include "engine/db/tier_state.h"

namespace firn::engine {
namespace {

TimeRange Span(const WindowRecord& record) { return {record.summary.min_t, record.summary.max_t}; }

// A bucket may stand for any time of its window.
TimeRange Span(const TierRecord& record) { return {record.id.start, record.id.end - 1}; }

// Whether the tombstone may have something to remove from the window.
bool Applies(const Tombstone& tombstone, const WindowRecord& record) {
  return tombstone.number > record.tombstones && tombstone.range.Overlaps(Span(record));
}

}  // namespace

Status Database::Impl::LoadTombstones(Version* version) {
  FIRN_RETURN_IF_ERROR(store_->ScanCatalog(
      kTombstonePrefix,
      [&](std::string_view, std::string_view value)
          ABSL_EXCLUSIVE_LOCKS_REQUIRED(sealing_mutex_) -> Status {
            FIRN_ASSIGN_OR_RETURN(Tombstone tombstone, DecodeTombstone(value));
            last_tombstone_ = std::max(last_tombstone_, tombstone.number);
            version->tombstones.push_back(std::make_shared<const Tombstone>(std::move(tombstone)));
            return OkStatus();
          }));
  // Tombstones that are gone must not lend their numbers to others.
  for (const StoredWindow& window : version->windows) {
    last_tombstone_ = std::max(last_tombstone_, window.record.tombstones);
  }
  for (const StoredTier& tier : version->tiers) {
    last_tombstone_ = std::max(last_tombstone_, tier.record.tombstones);
  }
  for (const UnreadableWindow& window : version->unreadable) {
    last_tombstone_ = std::max(last_tombstone_, window.tombstones);
  }
  return OkStatus();
}

std::shared_ptr<const SampleFilter> Database::Impl::MakeFilter(const Version& version,
                                                               uint64_t tombstones,
                                                               const TimeRange& span) const {
  auto filter = std::make_shared<SampleFilter>();
  for (const auto& tombstone : version.tombstones) {
    if (tombstone->number > tombstones && tombstone->range.Overlaps(span)) {
      filter->AddTombstone(tombstone);
    }
  }
  AddRules(filter.get());
  return filter->Affects(span) ? filter : nullptr;
}

void Database::Impl::InstallWindows(Version next) {
  SortWindows(&next.windows);
  for (StoredWindow& window : next.windows) {
    window.filter = MakeFilter(next, window.record.tombstones, Span(window.record));
  }
  for (StoredTier& tier : next.tiers) {
    tier.filter = MakeFilter(next, tier.record.tombstones, Span(tier.record));
  }
  auto expired = std::make_shared<SampleFilter>();
  AddRules(expired.get());
  next.expired = options_.retention_rules.empty() ? nullptr : std::move(expired);
  versions_.Install(std::move(next));
}

bool Database::Impl::UnderTombstone(const Version& version, const WindowRecord& record) const {
  return std::any_of(version.tombstones.begin(), version.tombstones.end(),
                     [&](const auto& tombstone) { return Applies(*tombstone, record); });
}

Status Database::Impl::DeleteSeries(const std::vector<Matchers>& selectors,
                                    const TimeRange& range) {
  if (range.empty()) return InvalidArgument("the range to delete ends before it begins");
  // Tombstones are about stored windows only, so that samples written afterwards count.
  const VersionPtr version = versions_.Current();
  bool in_head = false;
  for (const Matchers& matchers : selectors) {
    for (const SeriesPtr& series : head_.table().Select(matchers)) {
      in_head |= head_.HasSamples(series.get(), range, version->sealed);
    }
  }
  if (in_head) FIRN_RETURN_IF_ERROR(SealWindows(true));
  MutexLock lock(&sealing_mutex_);
  Version next = *versions_.Current();
  std::vector<storage::CatalogChange> changes;
  uint64_t number = last_tombstone_;
  for (const Matchers& matchers : selectors) {
    auto tombstone = std::make_shared<const Tombstone>(
        Tombstone{.number = ++number, .matchers = matchers, .range = range});
    changes.push_back({.key = TombstoneKey(number), .value = EncodeTombstone(*tombstone)});
    next.tombstones.push_back(std::move(tombstone));
  }
  FIRN_RETURN_IF_ERROR(store_->PutCatalog(changes));
  last_tombstone_ = number;
  InstallWindows(std::move(next));
  return OkStatus();
}

Status Database::Impl::RetireTombstones() {
  Version next = *versions_.Current();
  std::vector<storage::CatalogChange> changes;
  std::erase_if(
      next.tombstones, [&](const auto& tombstone) ABSL_EXCLUSIVE_LOCKS_REQUIRED(sealing_mutex_) {
        const auto applies = [&](const auto& stored) { return Applies(*tombstone, stored.record); };
        // A tier that cannot be made anew needs its tombstones as long as it lives.
        if (std::any_of(next.windows.begin(), next.windows.end(), applies)) return false;
        if (std::any_of(next.tiers.begin(), next.tiers.end(), applies)) return false;
        // Nor does one that may be read again after its file was put back come back undeleted.
        const auto may_apply = [&](const UnreadableWindow& lost) {
          return tombstone->number > lost.tombstones && tombstone->range.Overlaps(lost.range);
        };
        if (std::any_of(next.unreadable.begin(), next.unreadable.end(), may_apply)) return false;
        if (tiers_in_work_ && tombstone->number > *tiers_in_work_) return false;
        changes.push_back({.key = TombstoneKey(tombstone->number), .value = std::nullopt});
        return true;
      });
  if (changes.empty()) return OkStatus();
  FIRN_RETURN_IF_ERROR(store_->PutCatalog(changes));
  InstallWindows(std::move(next));
  return OkStatus();
}

Status Database::Impl::CleanTombstones() {
  FIRN_RETURN_IF_ERROR(MarkUntouched());
  FIRN_RETURN_IF_ERROR(MergeWindows({.clean = true}));
  FIRN_RETURN_IF_ERROR(BuildTiers({.all = true, .rebuild = true}));
  MutexLock lock(&sealing_mutex_);
  return RetireTombstones();
}

// Whether tombstones apply to the window or tier, but to no series of it.
template <typename Stored>
Result<bool> IsUntouched(const Version& version, const Stored& stored) {
  bool any = false;
  for (const auto& tombstone : version.tombstones) {
    if (!Applies(*tombstone, stored.record)) continue;
    any = true;
    FIRN_ASSIGN_OR_RETURN(const auto series, stored.reader->Select(tombstone->matchers));
    if (!series.empty()) return false;
  }
  return any;
}

// What no tombstone has a series in need not be written anew.
Status Database::Impl::MarkUntouched() {
  MutexLock lock(&sealing_mutex_);
  Version next = *versions_.Current();
  std::vector<storage::CatalogChange> changes;
  for (StoredWindow& window : next.windows) {
    FIRN_ASSIGN_OR_RETURN(const bool untouched, IsUntouched(next, window));
    if (!untouched) continue;
    window.record.tombstones = last_tombstone_;
    changes.push_back(
        {.key = WindowRecordKey(window.record.id), .value = EncodeWindowRecord(window.record)});
  }
  for (StoredTier& tier : next.tiers) {
    FIRN_ASSIGN_OR_RETURN(const bool untouched, IsUntouched(next, tier));
    if (!untouched) continue;
    tier.record.tombstones = last_tombstone_;
    changes.push_back(
        {.key = TierRecordKey(tier.record.id), .value = EncodeTierRecord(tier.record)});
  }
  if (changes.empty()) return OkStatus();
  FIRN_RETURN_IF_ERROR(store_->PutCatalog(changes));
  InstallWindows(std::move(next));
  return OkStatus();
}

}  // namespace firn::engine
