#include <algorithm>
#include <array>
#include <limits>

#include <spdlog/spdlog.h>

#include "base/bytes.h"
#include "engine/db/impl.h"
#include "engine/tier/sealer.h"

namespace firn::engine {
namespace {

// Measuring the head walks all series; in between the figure is old by this many ticks, and one
// more for so many series.
constexpr uint64_t kMeasureEveryTicks = 5;
constexpr uint64_t kMeasuredPerTick = 50'000;
constexpr uint64_t kRetentionEveryTicks = 60;
// How long after its end a window is sealed.
constexpr DurationMs kFreshWaitMs = 2 * kMinuteMs;
// Windows sealed in one go. A sender of old samples fills windows faster than they are sealed; in
// between chunks are freed, others get their turn, and the store can be closed.
constexpr size_t kSealInOneGo = 32;
// From so many on they become one stored window, which they would be merged to anyway.
constexpr size_t kSealTogetherMin = 4;
constexpr std::string_view kNextRefKey = "next_series";

}  // namespace

TimestampMs Database::Impl::SealHorizon() const {
  const TimestampMs newest = head_.max_time();
  const DurationMs wait = options_.out_of_order_ms;
  return newest < kMinTimestamp + wait ? kMinTimestamp : newest - wait;
}

// Most senders are seconds late. What takes longer becomes a small window of its own beside the
// one that is sealed, so that memory and the time of a restart do not grow with the allowance.
TimestampMs Database::Impl::FreshHorizon() const {
  // One sender whose clock is ahead must not make all others late.
  const TimestampMs newest = std::min(head_.max_time(), options_.clock->NowMs());
  if (newest < kMinTimestamp + kFreshWaitMs) return kMinTimestamp;
  return std::max(newest - kFreshWaitMs, SealHorizon());
}

Status Database::Impl::SealAsOne(std::span<const FrozenWindow> windows) {
  const VersionPtr version = versions_.Current();
  WindowRecord record;
  record.id = {.tier = 0,
               .start = windows.front().start,
               .end = windows.back().end,
               .generation = next_generation_++};
  record.order = record.id.generation;
  // Whatever was deleted before is not in the head any more.
  record.tombstones = last_tombstone_;
  FIRN_ASSIGN_OR_RETURN(
      record, SealWindow(&head_, windows, version->sealed, std::move(record), store_.get()));
  if (record.summary.series > 0) {
    FIRN_ASSIGN_OR_RETURN(auto reader, OpenPages(record.id));
    Version next = *version;
    next.windows.push_back({std::move(record), std::move(reader), nullptr});
    for (const FrozenWindow& window : windows) {
      next.sealed[window.slot.window] = window.slot.epoch;
    }
    InstallWindows(std::move(next));
    ++seals_;
  }
  for (const FrozenWindow& window : windows) {
    head_.windows().Sealed(window.slot);
    unreleased_[window.slot.window] = window.slot.epoch;
  }
  return OkStatus();
}

HeadWindows::Horizon Database::Impl::SealHorizons(bool all) const {
  if (all) return {kMaxTimestamp, kMaxTimestamp};
  return {.fresh = FreshHorizon(), .late = SealHorizon()};
}

Status Database::Impl::SealWindows(bool all) {
  const HeadWindows::Horizon horizon = SealHorizons(all);
  bool more = true;
  while (more) {
    FIRN_ASSIGN_OR_RETURN(more, SealSome(horizon, /*together=*/false));
  }
  return OkStatus();
}

Result<bool> Database::Impl::SealSome(const HeadWindows::Horizon& horizon, bool together) {
  MutexLock lock(&sealing_mutex_);
  // Closing the gate makes writers wait, so it is not closed for nothing.
  const std::optional<TimestampMs> oldest = head_.windows().OldestDue(horizon);
  if (!oldest) return false;
  HeadWindows::Horizon due = horizon;
  size_t most = kSealInOneGo;
  const std::vector<DurationMs> widths = MergeWidths();
  together &= !widths.empty() && *oldest < kMaxTimestamp - widths.back();
  if (together) {
    // Only where they would be merged anyway, now that all of the span is there.
    const TimestampMs end = FloorTo(*oldest, widths.back()) + widths.back();
    together = end <= horizon.late;
    if (together) {
      due = {end, end};
      most = std::numeric_limits<size_t>::max();
    }
  }
  std::vector<FrozenWindow> frozen;
  uint64_t next_journal = 0;
  {
    GateClosed closed(&head_.gate());
    next_journal = store_->next_journal_number();
    frozen = head_.windows().Freeze(due, next_journal, most);
  }
  if (frozen.empty()) return false;
  const Status sealed = SealFrozen(frozen, together && frozen.size() >= kSealTogetherMin);
  const uint64_t first_needed = head_.windows().FirstNeeded(next_journal);
  FIRN_RETURN_IF_ERROR(store_->TruncateJournal(first_needed));
  journal_first_ = std::max(journal_first_, first_needed);
  ReleaseSealed();
  FIRN_RETURN_IF_ERROR(sealed);
  // Else whoever seals everything would go on as long as somebody writes.
  return together ? head_.windows().OldestDue(horizon).has_value() : frozen.size() == most;
}

// After an error goes on with the next; returns the first.
Status Database::Impl::SealFrozen(std::span<const FrozenWindow> frozen, bool as_one) {
  Status first_error;
  const size_t length = as_one ? frozen.size() : 1;
  for (size_t i = 0; i < frozen.size(); i += length) {
    const std::span<const FrozenWindow> windows = frozen.subspan(i, length);
    const Status status = SealAsOne(windows);
    if (status.ok()) continue;
    for (const FrozenWindow& window : windows) head_.windows().Unfreeze(window);
    seal_failures_ += windows.size();
    spdlog::error("sealing the window at {} failed: {}", windows.front().start, status.ToString());
    if (first_error.ok()) first_error = status;
  }
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

void Database::Impl::StoreTick() {
  MutexLock lock(&store_tick_mutex_);
  store_->Tick();
}

bool Database::Impl::Tick() {
  StoreTick();
  // What goes wrong is in the log, and is tried again.
  const Result<bool> sealed = SealSome(SealHorizons(false), /*together=*/true);
  MutexLock lock(&sealing_mutex_);
  ReleaseSealed();
  if (ticks_ % kRetentionEveryTicks == 0) {
    const Status dropped = EnforceRetention();
    if (!dropped.ok()) spdlog::error("retention: {}", dropped.ToString());
  }
  const uint64_t measure_every = kMeasureEveryTicks + head_.table().size() / kMeasuredPerTick;
  if (ticks_ % measure_every == 0) MeasureMemory();
  ++ticks_;
  return sealed.ok() && *sealed;
}

}  // namespace firn::engine
