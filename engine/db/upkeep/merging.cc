#include <algorithm>

#include <spdlog/spdlog.h>

#include "engine/db/impl.h"
#include "engine/tier/merge/merge_planner.h"

namespace firn::engine {
namespace {

// So often a few late windows are merged into a large one, which is written anew for it.
constexpr uint64_t kSettleEveryTicks = 3600;
// Late samples keep coming: a tier that they make out of date is not made anew each time.
constexpr uint64_t kRebuildEveryTicks = 600;

uint64_t Samples(const WindowRecord& record) {
  return record.summary.float_samples + record.summary.histogram_samples;
}

bool SameWindow(const StoredWindow& a, const StoredWindow& b) { return a.record.id == b.record.id; }

// Covers that the journal still has entries below, joined where they say the same.
std::vector<JournalCover> JoinCovers(const std::vector<StoredWindow>& windows,
                                     uint64_t journal_first) {
  std::vector<JournalCover> covers;
  for (const StoredWindow& window : windows) {
    for (const JournalCover& cover : window.record.journal) {
      if (cover.journal_end <= journal_first) continue;
      const auto same = std::find_if(covers.begin(), covers.end(), [&](const JournalCover& c) {
        return c.start == cover.start && c.end == cover.end;
      });
      if (same == covers.end()) {
        covers.push_back(cover);
      } else {
        same->journal_end = std::max(same->journal_end, cover.journal_end);
      }
    }
  }
  return covers;
}

}  // namespace

std::vector<DurationMs> Database::Impl::MergeWidths() const {
  std::vector<DurationMs> widths;
  for (const DurationMs width : options_.merge_widths_ms) {
    // A window of a tier is made of whole windows.
    if (options_.tiers.empty() || options_.tier_window_ms % width == 0) widths.push_back(width);
  }
  return widths;
}

PlannedMerge Database::Impl::Prepare(std::vector<StoredWindow> inputs) {
  PlannedMerge plan;
  const VersionPtr version = versions_.Current();
  WindowRecord& record = plan.record;
  record.id = {
      .tier = 0, .start = kMaxTimestamp, .end = kMinTimestamp, .generation = next_generation_++};
  record.tombstones = last_tombstone_;
  for (const StoredWindow& input : inputs) {
    record.id.start = std::min(record.id.start, input.record.id.start);
    record.id.end = std::max(record.id.end, input.record.id.end);
    record.order = std::max(record.order, input.record.order);
    record.thinned |= input.record.thinned;
    std::shared_ptr<const SampleFilter> filter = input.filter;
    if (GeneralRetentionIsOver(input.record)) {
      auto all = filter == nullptr ? std::make_shared<SampleFilter>()
                                   : std::make_shared<SampleFilter>(*filter);
      if (filter == nullptr) AddRules(all.get());
      all->HideBefore(input.record.id.end);
      filter = std::move(all);
      record.thinned = true;
    }
    plan.scan.push_back({input.reader, std::move(filter)});
  }
  record.journal = JoinCovers(inputs, journal_first_);
  plan.inputs = std::move(inputs);
  return plan;
}

Result<std::optional<PlannedMerge>> Database::Impl::PlanNext(const MergeScope& scope) {
  const VersionPtr version = versions_.Current();
  std::vector<PlanWindow> windows;
  std::vector<size_t> places;  // Of these, in the version.
  for (size_t i = 0; i < version->windows.size(); ++i) {
    const StoredWindow& window = version->windows[i];
    const WindowRecord& record = window.record;
    if (TouchesDamage(record)) continue;
    places.push_back(i);
    FIRN_ASSIGN_OR_RETURN(bool rewrite, HoldsExpired(window));
    rewrite |= scope.clean && UnderTombstone(*version, record);
    windows.push_back({.start = record.id.start,
                       .end = record.id.end,
                       .order = record.order,
                       .bytes = record.disk_bytes,
                       .rewrite = rewrite});
  }
  PlanOptions plan{.widths = MergeWidths(),
                   .horizon = SealHorizon(),
                   .unfinished = scope.unfinished,
                   .settle = scope.settle};
  for (const MergeJob& job : PlanMerges(windows, plan)) {
    std::vector<StoredWindow> inputs;
    for (const size_t i : job.inputs) inputs.push_back(version->windows[places[i]]);
    return Prepare(std::move(inputs));
  }
  return std::nullopt;
}

Status Database::Impl::PublishMerge(PlannedMerge plan, MergedWindow merged) {
  Version next = *versions_.Current();
  std::vector<storage::CatalogChange> changes;
  std::vector<storage::KeyRange> dropped;
  for (const StoredWindow& input : plan.inputs) {
    const size_t before = next.windows.size();
    std::erase_if(next.windows, [&](const StoredWindow& w) { return SameWindow(w, input); });
    // Retention was faster; what it dropped must not come back.
    if (next.windows.size() == before) return Cancelled("a window of the merge is gone");
    changes.push_back({.key = WindowRecordKey(input.record.id), .value = std::nullopt});
    dropped.push_back(storage::WindowKeys(input.record.id));
  }
  plan.record.summary = merged.summary;
  plan.record.disk_bytes = merged.disk_bytes;
  const bool empty = merged.pages == nullptr;
  // Without a record nothing would keep the journal from bringing the samples back.
  if (empty && !plan.record.journal.empty()) return Cancelled("the journal still has the samples");
  if (!empty) {
    changes.push_back(
        {.key = WindowRecordKey(plan.record.id), .value = EncodeWindowRecord(plan.record)});
  }
  FIRN_RETURN_IF_ERROR(store_->Publish(std::move(merged.pages), changes, dropped));
  if (!empty) {
    FIRN_ASSIGN_OR_RETURN(auto reader, OpenPages(plan.record.id));
    next.windows.push_back({std::move(plan.record), std::move(reader), nullptr});
  }
  InstallWindows(std::move(next));
  return OkStatus();
}

Result<bool> Database::Impl::MergeNext(const MergeScope& scope) {
  std::optional<PlannedMerge> plan;
  {
    MutexLock lock(&sealing_mutex_);
    FIRN_ASSIGN_OR_RETURN(plan, PlanNext(scope));
  }
  if (!plan) return false;
  MemoryCharge charge(&memory_.upkeep);
  if (!ChargeUpkeep(plan->scan, scope.may_wait, &charge)) return false;
  uint64_t samples = 0;
  for (const StoredWindow& input : plan->inputs) samples += Samples(input.record);
  const size_t inputs = plan->inputs.size();
  const storage::WindowId id = plan->record.id;
  Result<MergedWindow> made = engine::MergeWindows(plan->scan, id, stop_merging_, store_.get());
  if (made.status().code() == StatusCode::kCorruption) {
    std::vector<const StoredWindow*> suspects;
    for (const StoredWindow& input : plan->inputs) suspects.push_back(&input);
    FindDamage(suspects);
  }
  FIRN_ASSIGN_OR_RETURN(MergedWindow merged, std::move(made));
  const uint64_t bytes = merged.disk_bytes;
  {
    MutexLock lock(&sealing_mutex_);
    FIRN_RETURN_IF_ERROR(PublishMerge(*std::move(plan), std::move(merged)));
  }
  ++merges_;
  merged_samples_ += samples;
  spdlog::info("merged windows={} start={} end={} samples={} bytes={}", inputs, id.start, id.end,
               samples, bytes);
  return true;
}

Status Database::Impl::MergeWindows(const MergeScope& scope) {
  MutexLock lock(&merge_mutex_);
  while (!stop_merging_) {
    Result<bool> worked = MergeNext(scope);
    if (!worked.ok()) {
      if (worked.status().code() == StatusCode::kCancelled) return OkStatus();
      ++merge_failures_;
      return worked.status().WithContext("merge");
    }
    if (!*worked) return OkStatus();
  }
  return OkStatus();
}

void Database::Impl::MergeTick() {
  const uint64_t tick = ++merge_ticks_;
  const Status merged = MergeWindows({.settle = tick % kSettleEveryTicks == 0, .may_wait = true});
  if (!merged.ok()) spdlog::error("{}", merged.ToString());
  // What goes wrong with one is in the log.
  static_cast<void>(BuildTiers({.rebuild = tick % kRebuildEveryTicks == 0, .may_wait = true}));
}

Status Database::Impl::Compact(bool force) {
  FIRN_RETURN_IF_ERROR(SealWindows(force));
  FIRN_RETURN_IF_ERROR(MergeWindows({.unfinished = force, .settle = true}));
  FIRN_RETURN_IF_ERROR(BuildTiers({.all = force, .rebuild = true}));
  {
    MutexLock lock(&sealing_mutex_);
    FIRN_RETURN_IF_ERROR(EnforceRetention());
  }
  // Windows of which retention leaves only some series.
  FIRN_RETURN_IF_ERROR(MergeWindows({.unfinished = force}));
  StoreTick();
  return OkStatus();
}

}  // namespace firn::engine
