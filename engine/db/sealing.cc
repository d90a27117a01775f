#include <algorithm>
#include <array>

#include <spdlog/spdlog.h>

#include "base/bytes.h"
#include "engine/db/impl.h"
#include "engine/tier/sealer.h"

namespace firn::engine {
namespace {

// Measuring the head walks all series; in between the figure is old by this many ticks.
constexpr uint64_t kMeasureEveryTicks = 5;
constexpr uint64_t kRetentionEveryTicks = 60;
// Late samples keep coming: a tier that they make out of date is not made anew each time.
constexpr uint64_t kRebuildEveryTicks = 600;
constexpr std::string_view kNextRefKey = "next_series";

}  // namespace

TimestampMs Database::Impl::SealHorizon() const {
  const TimestampMs newest = head_.max_time();
  const DurationMs wait = options_.out_of_order_ms;
  return newest < kMinTimestamp + wait ? kMinTimestamp : newest - wait;
}

uint32_t Database::Impl::NextGeneration(TimestampMs start) const {
  uint32_t next = 0;
  for (const StoredWindow& window : versions_.Current()->windows) {
    if (window.record.id.start == start) next = std::max(next, window.record.id.generation + 1);
  }
  return next;
}

Status Database::Impl::SealOne(const FrozenWindow& window) {
  const VersionPtr version = versions_.Current();
  FIRN_ASSIGN_OR_RETURN(
      const WindowRecord record,
      SealWindow(&head_, window, version->sealed, NextGeneration(window.start), store_.get()));
  if (record.summary.series > 0) {
    FIRN_ASSIGN_OR_RETURN(auto reader, storage::WindowReader::Open(store_->Pages(), record.id));
    Version next = *version;
    const auto before = [](const StoredWindow& a, const StoredWindow& b) {
      return std::pair(a.record.id.start, a.record.id.generation) <
             std::pair(b.record.id.start, b.record.id.generation);
    };
    StoredWindow stored{record, std::move(reader)};
    next.windows.insert(std::upper_bound(next.windows.begin(), next.windows.end(), stored, before),
                        std::move(stored));
    next.sealed[window.slot.window] = window.slot.epoch;
    versions_.Install(std::move(next));
    ++seals_;
  }
  head_.windows().Sealed(window.slot);
  return OkStatus();
}

Status Database::Impl::SealWindows(bool all) {
  MutexLock lock(&sealing_mutex_);
  const TimestampMs horizon = all ? kMaxTimestamp : SealHorizon();
  // Closing the gate makes writers wait, so it is not closed for nothing.
  if (!head_.windows().AnyDue(horizon)) return OkStatus();
  std::vector<FrozenWindow> frozen;
  uint64_t next_journal = 0;
  {
    GateClosed closed(&head_.gate());
    next_journal = store_->next_journal_number();
    frozen = head_.windows().Freeze(horizon, next_journal);
  }
  Status first_error;
  for (const FrozenWindow& window : frozen) {
    const Status status = SealOne(window);
    if (status.ok()) {
      unreleased_.push_back(window.slot);
      continue;
    }
    head_.windows().Unfreeze(window);
    ++seal_failures_;
    spdlog::error("sealing the window at {} failed: {}", window.start, status.ToString());
    if (first_error.ok()) first_error = status;
  }
  if (frozen.empty()) return OkStatus();
  FIRN_RETURN_IF_ERROR(store_->TruncateJournal(head_.windows().FirstNeeded(next_journal)));
  ReleaseSealed();
  return first_error;
}

void Database::Impl::ReleaseSealed() {
  if (unreleased_.empty() || !versions_.OnlyCurrentInUse()) return;
  head_.DropSealed(unreleased_);
  unreleased_.clear();
  Version next_version = *versions_.Current();
  next_version.sealed.clear();
  versions_.Install(std::move(next_version));
  // A series that has not been heard of for two windows is gone for good, most likely.
  const TimestampMs newest = head_.max_time();
  const DurationMs quiet = options_.out_of_order_ms + 2 * options_.head_window_ms;
  if (newest < kMinTimestamp + quiet) return;
  const std::vector<uint64_t> gone = head_.RemoveIdleSeries(newest - quiet);
  if (gone.empty()) return;
  // Numbers of removed series must not be given out again while the journal names them.
  std::string next;
  AppendVarint(head_.table().next_ref(), &next);
  const std::array changes = {
      storage::CatalogChange{.key = std::string(kNextRefKey), .value = next}};
  Status status = store_->PutCatalog(changes);
  if (status.ok()) status = store_->DeleteSeries(gone);
  if (!status.ok()) spdlog::error("removing idle series failed: {}", status.ToString());
}

// Counted from the newest stored sample, so that no clock can delete anything. A gap larger
// than a day before the newest window looks like a clock that jumped: nothing is dropped then.
std::optional<TimestampMs> Database::Impl::RetentionTime() const {
  TimestampMs newest = kMinTimestamp;
  TimestampMs second = kMinTimestamp;
  for (const StoredWindow& window : versions_.Current()->windows) {
    const TimestampMs t = window.record.summary.max_t;
    if (t > newest)
      second = std::exchange(newest, t);
    else
      second = std::max(second, t);
  }
  if (second == kMinTimestamp || newest - second > kDayMs) return std::nullopt;
  return newest;
}

Status Database::Impl::DropExpired() {
  const std::optional<TimestampMs> newest = RetentionTime();
  if (!newest) return OkStatus();
  FIRN_RETURN_IF_ERROR(DropExpiredTiers(*newest));
  if (options_.retention_ms == 0) return OkStatus();
  const VersionPtr version = versions_.Current();
  Version next = *version;
  std::vector<storage::CatalogChange> changes;
  std::vector<storage::KeyRange> pages;
  std::erase_if(next.windows, [&](const StoredWindow& window) {
    const storage::WindowId& id = window.record.id;
    if (id.end > *newest - options_.retention_ms || !TiersHold(*version, id, *newest)) return false;
    changes.push_back({.key = WindowRecordKey(id), .value = std::nullopt});
    pages.push_back(storage::WindowKeys(id));
    return true;
  });
  if (changes.empty()) return OkStatus();
  FIRN_RETURN_IF_ERROR(store_->Publish(nullptr, changes, pages));
  windows_dropped_ += changes.size();
  versions_.Install(std::move(next));
  return OkStatus();
}

void Database::Impl::Tick() {
  store_->Tick();
  const Status sealed = SealWindows(false);
  Status dropped;
  bool rebuild = false;
  {
    MutexLock lock(&sealing_mutex_);
    ReleaseSealed();
    if (ticks_ % kRetentionEveryTicks == 0) dropped = DropExpired();
    if (ticks_ % kMeasureEveryTicks == 0) head_bytes_ = head_.Measure().allocated_bytes;
    ++ticks_;
    rebuild = ticks_ % kRebuildEveryTicks == 0;
  }
  const Status built = BuildTiers(false, rebuild);
  MutexLock lock(&error_mutex_);
  last_error_ = !sealed.ok()    ? sealed.ToString()
                : !dropped.ok() ? dropped.ToString()
                : !built.ok()   ? built.ToString()
                                : "";
}

}  // namespace firn::engine
