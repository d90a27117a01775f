// The parts of an open database and the work between them. Lock order: sealing_mutex_,
// then the head's gate, then a stripe of the series table.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "engine/db/background.h"
#include "engine/db/database.h"
#include "engine/db/exemplar_buffer.h"
#include "engine/db/tier_state.h"
#include "engine/db/version.h"
#include "engine/head/head.h"
#include "engine/tier/tier_builder.h"
#include "storage/kv/store.h"

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
  // Makes the windows of tiers that are due, one group of windows per call, or all of them.
  // `rebuild`: also those that raw samples were added to since.
  Status BuildTiers(bool all, bool rebuild);
  Result<std::string> Snapshot() const;
  Result<DatabaseStatus> GetStatus(size_t limit) const;
  std::vector<MetricFigure> Metrics() const;

  storage::Store* store() { return store_.get(); }
  ExemplarBuffer* exemplars() { return exemplars_.get(); }
  const std::string& recovery_report() const { return recovery_report_; }

 private:
  Status LoadWindows();
  Status LoadTiers(Version* version);
  Status LoadSeries();
  Status ReplayJournal();

  void Tick();
  Status SealOne(const FrozenWindow& window);
  uint32_t NextGeneration(TimestampMs start) const;
  // Frees chunks that are in pages once no querier needs them, and idle series.
  void ReleaseSealed();
  // The newest stored time by which retention may go; none while it cannot be trusted.
  std::optional<TimestampMs> RetentionTime() const;
  Status DropExpired() ABSL_EXCLUSIVE_LOCKS_REQUIRED(sealing_mutex_);
  Status DropExpiredTiers(TimestampMs newest) ABSL_EXCLUSIVE_LOCKS_REQUIRED(sealing_mutex_);
  Status BuildGroup(const TierGroup& group, bool rebuild, bool* worked)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(sealing_mutex_);
  Status RenameSources(const TierGroup& group, DurationMs resolution)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(sealing_mutex_);
  Status PublishTier(BuiltTier built) ABSL_EXCLUSIVE_LOCKS_REQUIRED(sealing_mutex_);
  TierRecord TierTarget(const TierGroup& group, size_t index) const;
  bool TiersHold(const Version& version, const storage::WindowId& id, TimestampMs newest) const;
  TierOptions RetentionOf(const StoredTier& tier) const;
  Result<std::shared_ptr<const storage::WindowReader>> OpenPages(const storage::WindowId& id) const;
  TimestampMs SealHorizon() const;

  const DatabaseOptions options_;
  std::unique_ptr<storage::Store> store_;
  std::unique_ptr<ExemplarBuffer> exemplars_;
  mutable Head head_;
  VersionHolder versions_;
  std::string recovery_report_;

  // One thread at a time seals, drops and releases.
  Mutex sealing_mutex_;
  std::vector<WindowSlot> unreleased_ ABSL_GUARDED_BY(sealing_mutex_);
  uint64_t ticks_ ABSL_GUARDED_BY(sealing_mutex_) = 0;

  std::atomic<uint64_t> head_bytes_ = 0;
  std::atomic<uint64_t> seals_ = 0;
  std::atomic<uint64_t> seal_failures_ = 0;
  std::atomic<uint64_t> windows_dropped_ = 0;
  std::atomic<uint64_t> tier_builds_ = 0;
  std::atomic<uint64_t> tier_failures_ = 0;
  std::atomic<uint64_t> orphan_samples_ = 0;
  mutable Mutex error_mutex_;
  std::string last_error_ ABSL_GUARDED_BY(error_mutex_);

  // Last: its thread uses everything above.
  std::unique_ptr<BackgroundLoop> background_;
};

}  // namespace firn::engine
