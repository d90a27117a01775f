// An opened data directory: the head, the stored windows and the background work between
// them, behind the engine's interfaces.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/memory/memory_budget.h"
#include "base/status.h"
#include "engine/api/admin.h"
#include "engine/api/appender.h"
#include "engine/api/exemplar.h"
#include "engine/api/querier.h"
#include "engine/head/series_limits.h"
#include "engine/tier/merge/sample_filter.h"

namespace firn::engine {

// Buckets of one resolution, kept beside the raw samples.
struct TierOptions {
  DurationMs resolution_ms = 0;
  DurationMs retention_ms = 0;  // As DatabaseOptions::retention_ms.
};

struct DatabaseOptions {
  std::string path = "data";
  // Acknowledge a batch when it is written to the journal, not when it is on disk: it
  // survives a crash of the process, but not of the machine.
  bool ack_before_fsync = false;
  // Shares of it limit the head (when it outgrows its own, writes are refused), the caches, and
  // merging and the like.
  uint64_t memory_limit_bytes = uint64_t{4} << 30;
  // Borrowed: what these take is charged here, so that others who charge to it see how much is
  // left. Null: a budget of its own, of memory_limit_bytes.
  MemoryBudget* memory = nullptr;
  DurationMs head_window_ms = 30 * kMinuteMs;
  DurationMs out_of_order_ms = kHourMs;
  DurationMs future_ms = 10 * kMinuteMs;  // 0: any distance ahead of the clock.
  bool backfill = false;                  // Take samples of any age.
  // Windows whose samples are this much older than the newest stored sample are dropped;
  // 0: never. They stay until the tiers hold them, that is up to tier_window_ms longer.
  DurationMs retention_ms = 30 * kDayMs;
  // Exceptions, for tiers as well: the first rule that matches a series decides. Samples that
  // grew too old are hidden at once and removed when their window is written anew.
  std::vector<RetentionRule> retention_rules;
  // Windows that would expire first are dropped while all take more than this; 0: no limit.
  uint64_t retention_bytes = 0;
  // Windows are merged to these lengths, ascending, each a multiple of the one before. One
  // that tier_window_ms is no multiple of is left out while there are tiers.
  std::vector<DurationMs> merge_widths_ms = {4 * kHourMs, kDayMs};
  // Ascending by resolution.
  std::vector<TierOptions> tiers = {{kMinuteMs, 90 * kDayMs}, {kHourMs, 730 * kDayMs}};
  // Windows of tiers are this long; they are made when this much time is sealed.
  DurationMs tier_window_ms = kDayMs;
  // But one that no query would read while there are raw samples, since its buckets hold few of
  // them, is made this long before retention is over for those.
  DurationMs tier_lead_ms = 2 * kDayMs;
  SeriesLimits series_limits;
  size_t exemplars_max = 100'000;  // The newest are kept; 0: none.
  size_t labels_max = 128;
  // Beyond kLabelStringBytesMax they mean that.
  size_t label_name_bytes_max = 1024;
  size_t label_value_bytes_max = 16384;
  // Below this much free disk writes are refused.
  uint64_t min_free_disk_bytes = uint64_t{64} << 20;
  // All that is stored is read this often to see whether it verifies; 0: never. At most so many
  // bytes a second (0: no limit).
  DurationMs scrub_interval_ms = 7 * kDayMs;
  uint64_t scrub_bytes_per_second = uint64_t{8} << 20;
  // How often the background thread looks for work; 0: only Seal() and Close() do any.
  DurationMs background_interval_ms = 1000;
  // Told now and then while the store opens, by the thread that opens it; an error ends opening
  // and is its result. May be empty.
  std::function<Status(const ReplayProgress&)> on_replay;
  const Clock* clock = Clock::System();
};

// Takes the series of a window to be added, one by one.
using AddSeries = std::function<Status(const Labels& labels, const SampleColumns& samples)>;

// Thread-safe. One directory is open in one process at a time.
class Database : public Appendable, public Queryable, public Admin, public ExemplarStore {
 public:
  // Corruption when stored bytes do not verify (the text names them and what to do), Io,
  // Unavailable when another process has the directory.
  static Result<std::unique_ptr<Database>> Open(const DatabaseOptions& options);
  // Closes; what was acknowledged is on disk anyway.
  ~Database() override;
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  Result<std::unique_ptr<Appender>> NewAppender() override;
  Result<std::unique_ptr<Querier>> NewQuerier() const override;

  Status Seal() override;
  Result<std::string> Snapshot() override;
  Status Compact(bool force) override;
  Status DeleteSeries(const std::vector<Matchers>& selectors, const TimeRange& range) override;
  Status CleanTombstones() override;
  Status ConfirmTime() override;
  Result<DatabaseStatus> GetStatus(size_t limit) const override;
  std::vector<StoredBlock> Blocks() const override;
  Result<CostReport> GetCosts(const CostQuery& query) const override;
  std::vector<MetricFigure> Metrics() const override;
  bool AcceptsWrites(std::string* why) const override;
  Status PutMetadata(const std::vector<MetadataEntry>& entries) override;
  std::vector<MetadataEntry> GetMetadata(std::string_view metric, size_t limit) const override;

  Result<std::vector<Status>> AppendExemplars(std::span<const NewExemplar> batch) override;
  std::vector<SeriesExemplars> SelectExemplars(
      const TimeRange& range, const std::vector<Matchers>& selectors) const override;

  uint64_t corruption_count() const override;

  // Stores series as a window [start, end) of its own beside what is there, without journal and
  // head: for loading much at once, of any age. `fill` gives each series to its argument, ordered
  // by metric name and then by Labels' order, with times that ascend within [start, end); of a time
  // that is stored already the stored sample counts. Labels are taken as they are. All or nothing,
  // durable and visible on return. Errors of `fill`, InvalidArgument for a broken order, or as
  // Appender::Commit.
  Status AddWindow(TimestampMs start, TimestampMs end,
                   const std::function<Status(const AddSeries& add)>& fill);

  // In force from now on. Series that are known stay, whatever the limits.
  void SetSeriesLimits(const SeriesLimits& limits);

  // Checks the next stored window, or at the end of a pass the records; false if nothing is due.
  // For databases without background threads.
  Result<bool> ScrubStep();

  // What recovery found, for the log; empty if everything was in order.
  std::string RecoveryReport() const;
  // Waits for running work and closes the store. Appenders and queriers must be gone.
  Status Close();

 private:
  class Impl;
  explicit Database(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace firn::engine
