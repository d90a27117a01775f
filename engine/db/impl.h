// The parts of an open database and the work between them. Lock order: merge_mutex_ or
// tier_mutex_, sealing_mutex_, then the head's gate, then a stripe of the series table.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include <absl/container/flat_hash_map.h>

#include "base/mutex.h"
#include "engine/db/background.h"
#include "engine/db/database.h"
#include "engine/db/exemplar_buffer.h"
#include "engine/db/integrity/health.h"
#include "engine/db/integrity/scrub.h"
#include "engine/db/memory_parts.h"
#include "engine/db/tier_state.h"
#include "engine/db/upkeep/plans.h"
#include "engine/db/version.h"
#include "engine/head/head.h"
#include "engine/tier/merge/merger.h"
#include "engine/tier/tier_builder.h"
#include "storage/kv/store.h"
#include "storage/page/cache/decoded_cache.h"

namespace firn::engine {

class Database::Impl {
 public:
  explicit Impl(const DatabaseOptions& options);
  ~Impl();

  // Opens the store and brings back windows, series and journal.
  Status Recover();
  void StartBackground();
  Status Close();

  Result<std::unique_ptr<Appender>> NewAppender();
  Result<std::unique_ptr<Querier>> NewQuerier() const;
  bool AcceptsWrites(std::string* why) const;

  // Seals the windows that are due, or every window with samples.
  Status SealWindows(bool all);
  // Makes the windows of tiers that are missing. After an error goes on with the next; returns
  // the first.
  Status BuildTiers(const TierScope& scope);
  Result<std::string> Snapshot() const;
  Status Compact(bool force);
  Status DeleteSeries(const std::vector<Matchers>& selectors, const TimeRange& range);
  Status CleanTombstones();
  Status ConfirmTime();
  Status AddWindow(TimestampMs start, TimestampMs end,
                   const std::function<Status(const AddSeries& add)>& fill);
  Result<DatabaseStatus> GetStatus(size_t limit) const;
  std::vector<StoredBlock> Blocks() const;
  Result<CostReport> GetCosts(const CostQuery& query) const;
  std::vector<MetricFigure> Metrics() const;
  uint64_t corruption_count() const;
  void SetSeriesLimits(const SeriesLimits& limits) { head_.SetSeriesLimits(limits); }
  // One step of the scrub, where no background thread does it.
  Result<bool> ScrubStep() { return scrub_->Step(); }

  storage::Store* store() { return store_.get(); }
  ExemplarBuffer* exemplars() { return exemplars_.get(); }
  const std::string& recovery_report() const { return recovery_report_; }

 private:
  Status LoadWindows();
  Status LoadTombstones(Version* version) ABSL_EXCLUSIVE_LOCKS_REQUIRED(sealing_mutex_);
  Status LoadTiers(Version* version);
  void AddToReport(std::string_view text);
  void ReportUnreadable(const Version& version);
  Status ReportReplay(const ReplayProgress& progress) const;
  Status LoadSeries();
  Status ReplayJournal();

  // Logs and remembers a window that is not whole.
  void NoteDamage(const WindowHealth& health);
  // Reads windows of which reading failed, and notes those that are damaged.
  void FindDamage(const std::vector<const StoredWindow*>& windows);
  // Whether the window overlaps one that is known to be damaged.
  bool TouchesDamage(const WindowRecord& record) const;
  uint64_t CountDamaged(const Version& version) const;

  bool Tick();
  HeadWindows::Horizon SealHorizons(bool all) const;
  // Seals some of the windows that are due, the oldest first; whether there are more. `together`:
  // many of a day, which a sender of old samples leaves, become one stored window.
  Result<bool> SealSome(const HeadWindows::Horizon& horizon, bool together);
  // Frees what was dropped and records what is durable; no two at a time.
  void StoreTick();
  Status SealFrozen(std::span<const FrozenWindow> frozen, bool as_one)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(sealing_mutex_);
  Status SealAsOne(std::span<const FrozenWindow> windows)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(sealing_mutex_);
  // The lengths of merged windows, ascending.
  std::vector<DurationMs> MergeWidths() const;
  // Makes `next` current, with its windows in order and what is hidden of them.
  void InstallWindows(Version next) ABSL_EXCLUSIVE_LOCKS_REQUIRED(sealing_mutex_);
  // Frees chunks that are in pages once no querier needs them, and idle series.
  void ReleaseSealed() ABSL_EXCLUSIVE_LOCKS_REQUIRED(sealing_mutex_);

  // Runs merges until none is due.
  Status MergeWindows(const MergeScope& scope);
  void MergeTick();
  Result<bool> MergeNext(const MergeScope& scope) ABSL_EXCLUSIVE_LOCKS_REQUIRED(merge_mutex_);
  Result<std::optional<PlannedMerge>> PlanNext(const MergeScope& scope)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(sealing_mutex_);
  PlannedMerge Prepare(std::vector<StoredWindow> inputs)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(sealing_mutex_);
  Status PublishMerge(PlannedMerge plan, MergedWindow merged)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(sealing_mutex_);

  // What is hidden of a window or tier whose samples over `span` are free of tombstones up to
  // that number; null for nothing.
  std::shared_ptr<const SampleFilter> MakeFilter(const Version& version, uint64_t tombstones,
                                                 const TimeRange& span) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(sealing_mutex_);
  void AddRules(SampleFilter* filter) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(sealing_mutex_);
  bool UnderTombstone(const Version& version, const WindowRecord& record) const;
  Status MarkUntouched();
  // Forgets tombstones that have nothing to remove any more.
  Status RetireTombstones() ABSL_EXCLUSIVE_LOCKS_REQUIRED(sealing_mutex_);
  // Samples of a window that retention is over for, while others stay.
  Result<bool> HoldsExpired(const StoredWindow& window)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(sealing_mutex_);
  bool GeneralRetentionIsOver(const WindowRecord& record) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(sealing_mutex_);
  DurationMs LongestRetention() const;

  Status LoadRetentionTime() ABSL_EXCLUSIVE_LOCKS_REQUIRED(sealing_mutex_);
  Status AdvanceRetentionTime() ABSL_EXCLUSIVE_LOCKS_REQUIRED(sealing_mutex_);
  Status SetRetentionTime(TimestampMs t) ABSL_EXCLUSIVE_LOCKS_REQUIRED(sealing_mutex_);
  Status EnforceRetention() ABSL_EXCLUSIVE_LOCKS_REQUIRED(sealing_mutex_);
  Status DropExpired() ABSL_EXCLUSIVE_LOCKS_REQUIRED(sealing_mutex_);
  Status DropWindows(const std::function<bool(const StoredWindow&)>& chosen)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(sealing_mutex_);
  Status DropOversize() ABSL_EXCLUSIVE_LOCKS_REQUIRED(sealing_mutex_);
  Status DropExpiredTiers(TimestampMs newest) ABSL_EXCLUSIVE_LOCKS_REQUIRED(sealing_mutex_);
  // Whether queries gain by the tier, or retention is soon over for raw samples.
  bool IsTierDue(const TierGroup& group, DurationMs resolution) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(sealing_mutex_);
  Result<std::optional<PlannedTiers>> PlanGroup(const TierGroup& group, bool rebuild)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(sealing_mutex_);  // None if there is nothing to do.
  // For the first group from `from` on that needs it.
  Result<std::optional<PlannedTiers>> PlanTiers(const TierScope& scope, TimestampMs from);
  Status BuildPlanned(const PlannedTiers& plan) ABSL_EXCLUSIVE_LOCKS_REQUIRED(tier_mutex_);
  Status RenameSources(const TierGroup& group, DurationMs resolution)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(sealing_mutex_);
  Status PublishTier(BuiltTier built) ABSL_EXCLUSIVE_LOCKS_REQUIRED(sealing_mutex_);
  // Makes `next` current with the tier, by one change of the store.
  Status AddTier(BuiltTier built, Version next, std::vector<storage::CatalogChange> changes,
                 std::span<const storage::KeyRange> dropped)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(sealing_mutex_);
  TierRecord TierTarget(const TierGroup& group, size_t index) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(sealing_mutex_);
  // Of a generation that comes after all that begin with it.
  TierRecord NewTierRecord(const storage::WindowId& id, DurationMs resolution) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(sealing_mutex_);
  // None if there is nothing to do.
  std::optional<PlannedJoin> PlanJoin() ABSL_EXCLUSIVE_LOCKS_REQUIRED(tier_mutex_);
  std::optional<PlannedJoin> PlanJoin(const TierJoin& join)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(tier_mutex_, sealing_mutex_);
  Status JoinPlanned(const PlannedJoin& plan) ABSL_EXCLUSIVE_LOCKS_REQUIRED(tier_mutex_);
  Status PublishJoin(const PlannedJoin& plan, BuiltTier built)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(sealing_mutex_);
  // Makes one window of many days where they are complete. After an error goes on with the next;
  // returns the first.
  Status JoinTiers(const TierScope& scope) ABSL_EXCLUSIVE_LOCKS_REQUIRED(tier_mutex_);
  std::optional<bool> IsCounterMetric(std::string_view metric) const;
  bool TiersHold(const Version& version, const storage::WindowId& id, TimestampMs newest) const;
  TierOptions RetentionOf(const StoredTier& tier) const;
  // Whether a tier keeps nothing that ends at `end`.
  static bool IsExpired(const TierOptions& tier, TimestampMs end, TimestampMs newest);
  Result<std::shared_ptr<const storage::WindowReader>> OpenPages(const storage::WindowId& id) const;
  // Brings what is charged up to date with what is used.
  void MeasureMemory();
  // Charges work that holds a part of each of `inputs` in memory. False if it has to wait, since
  // memory is short, which only work that `may_wait` has to, and not for ever.
  bool ChargeUpkeep(std::span<const ScanInput> inputs, bool may_wait, MemoryCharge* charge);
  // Windows that end by then are sealed, and once more what comes to them late.
  TimestampMs FreshHorizon() const;
  // Windows that end by then take no more samples.
  TimestampMs SealHorizon() const;

  const DatabaseOptions options_;
  const std::unique_ptr<MemoryBudget> own_memory_;  // Null if others share the budget.
  MemoryParts memory_;
  const std::shared_ptr<storage::DecodedCache> decoded_;
  std::unique_ptr<storage::Store> store_;
  std::unique_ptr<ExemplarBuffer> exemplars_;
  mutable Head head_;
  VersionHolder versions_;
  std::string recovery_report_;

  Mutex store_tick_mutex_;
  // One merge at a time,
  Mutex merge_mutex_;
  // ... and one group of tiers.
  Mutex tier_mutex_;
  // Spans that could not be joined, by resolution and start: not tried again.
  std::set<std::pair<DurationMs, TimestampMs>> unjoinable_ ABSL_GUARDED_BY(tier_mutex_);
  // One thread at a time seals, drops, releases and publishes.
  Mutex sealing_mutex_;
  SealedEpochs unreleased_ ABSL_GUARDED_BY(sealing_mutex_);
  uint64_t ticks_ ABSL_GUARDED_BY(sealing_mutex_) = 0;
  uint32_t next_generation_ ABSL_GUARDED_BY(sealing_mutex_) = 0;
  uint64_t last_tombstone_ ABSL_GUARDED_BY(sealing_mutex_) = 0;
  // While tiers are being made: their samples are free of tombstones up to this number only.
  std::optional<uint64_t> tiers_in_work_ ABSL_GUARDED_BY(sealing_mutex_);
  // Entries below are gone from the journal.
  uint64_t journal_first_ ABSL_GUARDED_BY(sealing_mutex_) = 0;
  // By this time retention goes: the newest stored sample, but for what lies beyond a gap
  // that looks like a clock that jumped. None before the first window.
  std::optional<TimestampMs> retention_time_ ABSL_GUARDED_BY(sealing_mutex_);
  // Generation of a window, and the retention time at which nothing expired was left in it.
  absl::flat_hash_map<uint32_t, TimestampMs> swept_ ABSL_GUARDED_BY(sealing_mutex_);

  std::atomic<uint64_t> upkeep_waits_ = 0;    // So often work has waited for memory,
  std::atomic<uint64_t> upkeep_waiting_ = 0;  // ... and since it last did not.
  std::atomic<uint64_t> seals_ = 0;
  std::atomic<uint64_t> seal_failures_ = 0;
  std::atomic<uint64_t> windows_dropped_ = 0;
  std::atomic<bool> retention_held_ = false;
  std::atomic<bool> stop_merging_ = false;
  std::atomic<uint64_t> merges_ = 0;
  std::atomic<uint64_t> merge_failures_ = 0;
  std::atomic<uint64_t> merged_samples_ = 0;
  std::atomic<uint64_t> merge_ticks_ = 0;
  std::atomic<uint64_t> tier_builds_ = 0;
  std::atomic<uint64_t> tier_joins_ = 0;
  std::atomic<uint64_t> tier_failures_ = 0;
  std::atomic<uint64_t> orphan_samples_ = 0;
  std::atomic<uint64_t> baseless_samples_ = 0;
  mutable Mutex damage_mutex_;
  std::vector<storage::WindowId> damaged_ ABSL_GUARDED_BY(damage_mutex_);
  std::unique_ptr<Scrub> scrub_;

  // Last: their threads use everything above.
  std::unique_ptr<BackgroundLoop> background_;
  std::unique_ptr<BackgroundLoop> merger_;
};

}  // namespace firn::engine
