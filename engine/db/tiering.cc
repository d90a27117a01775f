#include <algorithm>
#include <array>

#include <spdlog/spdlog.h>

#include "engine/db/impl.h"
#include "engine/db/tier_state.h"
#include "engine/db/unreadable.h"
#include "engine/tier/tier_builder.h"

namespace firn::engine {
namespace {

bool TierBefore(const StoredTier& a, const StoredTier& b) {
  return std::tuple(a.record.resolution, a.record.id.start, a.record.id.generation) <
         std::tuple(b.record.resolution, b.record.id.start, b.record.id.generation);
}

// A tier less the sources of a group.
TierRecord Without(const TierGroup& group, TierRecord record) {
  std::erase_if(record.sources, [&](const TierSource& source) { return IsOf(source, group); });
  return record;
}

}  // namespace

bool Database::Impl::IsExpired(const TierOptions& tier, TimestampMs end, TimestampMs newest) {
  return tier.retention_ms != 0 && end <= newest - tier.retention_ms;
}

Status Database::Impl::LoadTiers(Version* version) {
  FIRN_RETURN_IF_ERROR(store_->ScanCatalog(
      kTierRecordPrefix, [&](std::string_view key, std::string_view value) -> Status {
        Result<TierRecord> record = DecodeTierRecord(value);
        if (!record.ok()) {
          version->unreadable.push_back(WithoutRecord(key, record.status()));
          return OkStatus();
        }
        head_.NoteMaxTime(record->summary.max_t);
        Result<std::shared_ptr<const storage::WindowReader>> reader = OpenPages(record->id);
        if (IsUnreadable(reader.status())) {
          version->unreadable.push_back(Unreadable(*record, reader.status()));
          return OkStatus();
        }
        if (!reader.ok()) return reader.status();
        version->tiers.push_back({*std::move(record), *std::move(reader), nullptr});
        return OkStatus();
      }));
  std::sort(version->tiers.begin(), version->tiers.end(), TierBefore);
  return OkStatus();
}

Result<std::shared_ptr<const storage::WindowReader>> Database::Impl::OpenPages(
    const storage::WindowId& id) const {
  return storage::WindowReader::Open(store_->Pages(storage::WindowKeys(id)), id, decoded_);
}

// Enters the merged windows in the record, so that they count as held.
Status Database::Impl::RenameSources(const TierGroup& group, DurationMs resolution) {
  Version next = *versions_.Current();
  const StoredTier* const found = FindTier(next, resolution, group);
  for (StoredTier& tier : next.tiers) {
    if (&tier != found) continue;
    tier.record = Without(group, std::move(tier.record));
    for (const size_t i : group.windows) {
      tier.record.sources.push_back(SourceOf(next.windows[i]));
    }
    SortSources(&tier.record.sources);
    const std::array changes = {storage::CatalogChange{.key = TierRecordKey(tier.record.id),
                                                       .value = EncodeTierRecord(tier.record)}};
    FIRN_RETURN_IF_ERROR(store_->PutCatalog(changes));
  }
  versions_.Install(std::move(next));
  return OkStatus();
}

TierRecord Database::Impl::TierTarget(const TierGroup& group, size_t index) const {
  const VersionPtr version = versions_.Current();
  TimestampMs end = group.end;
  for (const size_t i : group.windows) end = std::max(end, version->windows[i].record.id.end);
  return NewTierRecord(
      {.tier = static_cast<uint8_t>(index + 1), .start = group.start, .end = end, .generation = 0},
      options_.tiers[index].resolution_ms);
}

TierRecord Database::Impl::NewTierRecord(const storage::WindowId& id, DurationMs resolution) const {
  const VersionPtr version = versions_.Current();
  TierRecord target;
  target.id = id;
  target.resolution = resolution;
  target.tombstones = last_tombstone_;
  const auto come_after = [&](const storage::WindowId& other) {
    if (other.tier != id.tier || other.start != id.start) return;
    target.id.generation = std::max(target.id.generation, other.generation + 1);
  };
  for (const StoredTier& tier : version->tiers) come_after(tier.record.id);
  // Not over the pages of one that cannot be read.
  for (const UnreadableWindow& lost : version->unreadable) come_after(lost.id);
  return target;
}

Status Database::Impl::PublishTier(BuiltTier built) {
  Version next = *versions_.Current();
  std::vector<storage::CatalogChange> changes;
  std::vector<storage::KeyRange> dropped;
  const TimestampMs start = built.record.id.start;
  const TierGroup group{.start = start, .end = start + options_.tier_window_ms, .windows = {}};
  const auto replace = [&](StoredTier& tier) {
    if (tier.record.resolution != built.record.resolution) return false;
    const size_t before = tier.record.sources.size();
    tier.record = Without(group, std::move(tier.record));
    if (tier.record.sources.size() == before) return false;
    // A joined one goes on to stand for its other days.
    const bool gone = tier.record.sources.empty();
    changes.push_back({.key = TierRecordKey(tier.record.id), .value = std::nullopt});
    if (gone) dropped.push_back(storage::WindowKeys(tier.record.id));
    if (!gone) changes.back().value = EncodeTierRecord(tier.record);
    return gone;
  };
  std::erase_if(next.tiers, replace);
  return AddTier(std::move(built), std::move(next), std::move(changes), dropped);
}

Status Database::Impl::AddTier(BuiltTier built, Version next,
                               std::vector<storage::CatalogChange> changes,
                               std::span<const storage::KeyRange> dropped) {
  changes.push_back(
      {.key = TierRecordKey(built.record.id), .value = EncodeTierRecord(built.record)});
  FIRN_RETURN_IF_ERROR(store_->Publish(std::move(built.pages), changes, dropped));
  FIRN_ASSIGN_OR_RETURN(auto reader, OpenPages(built.record.id));
  StoredTier stored{std::move(built.record), std::move(reader), nullptr};
  next.tiers.insert(std::upper_bound(next.tiers.begin(), next.tiers.end(), stored, TierBefore),
                    stored);
  InstallWindows(std::move(next));
  return OkStatus();
}

// A window of raw samples must not go before the tiers hold it that would keep it.
bool Database::Impl::TiersHold(const Version& version, const storage::WindowId& id,
                               TimestampMs newest) const {
  const TimestampMs begin = FloorTo(id.start, options_.tier_window_ms);
  TierGroup wanted{.start = begin, .end = begin + options_.tier_window_ms, .windows = {}};
  for (size_t i = 0; i < version.windows.size(); ++i) {
    const TimestampMs start = version.windows[i].record.id.start;
    if (FloorTo(start, options_.tier_window_ms) == wanted.start) wanted.windows.push_back(i);
  }
  return std::all_of(options_.tiers.begin(), options_.tiers.end(), [&](const TierOptions& tier) {
    if (IsExpired(tier, wanted.end, newest)) return true;
    const TierState state = StateOf(version, wanted, tier.resolution_ms);
    return state != TierState::kMissing && state != TierState::kStale;
  });
}

// Of a resolution that is no longer configured, what the longest retention says.
TierOptions Database::Impl::RetentionOf(const StoredTier& tier) const {
  TierOptions longest{tier.record.resolution, options_.retention_ms};
  for (const TierOptions& option : options_.tiers) {
    if (option.resolution_ms == tier.record.resolution) return option;
    const bool for_ever = longest.retention_ms == 0 || option.retention_ms == 0;
    longest.retention_ms = for_ever ? 0 : std::max(longest.retention_ms, option.retention_ms);
  }
  return longest;
}

Status Database::Impl::DropExpiredTiers(TimestampMs newest) {
  Version next = *versions_.Current();
  std::vector<storage::CatalogChange> changes;
  std::vector<storage::KeyRange> dropped;
  std::erase_if(next.tiers, [&](const StoredTier& tier) {
    if (!IsExpired(RetentionOf(tier), tier.record.id.end, newest)) return false;
    changes.push_back({.key = TierRecordKey(tier.record.id), .value = std::nullopt});
    dropped.push_back(storage::WindowKeys(tier.record.id));
    return true;
  });
  if (changes.empty()) return OkStatus();
  FIRN_RETURN_IF_ERROR(store_->Publish(nullptr, changes, dropped));
  windows_dropped_ += changes.size();
  versions_.Install(std::move(next));
  return OkStatus();
}

}  // namespace firn::engine
