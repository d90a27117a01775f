// What operators may ask of the engine beyond reading and writing samples.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/matcher.h"
#include "base/status.h"
#include "base/time.h"
#include "engine/api/costs.h"

namespace firn::engine {

struct NamedCount {
  std::string name;
  uint64_t value = 0;
};

// Figures of /api/v1/status/tsdb; lists sorted by value, largest first.
struct DatabaseStatus {
  uint64_t series = 0;
  uint64_t label_pairs = 0;
  uint64_t chunks = 0;
  TimestampMs min_time = 0;  // At most the time of the oldest sample.
  TimestampMs max_time = 0;
  std::vector<NamedCount> series_by_metric;
  std::vector<NamedCount> values_by_label;
  std::vector<NamedCount> bytes_by_label;
  std::vector<NamedCount> series_by_label_pair;
  // What is in pages: samples as they came, and bytes before compression, those of tiers included.
  // Times that metrics share belong to none.
  std::vector<NamedCount> stored_samples_by_metric;
  std::vector<NamedCount> stored_bytes_by_metric;
};

// Which entry of the journal is being read while a store opens; zeros before.
struct ReplayProgress {
  uint64_t first = 0;
  uint64_t last = 0;
  uint64_t current = 0;
};

// A stretch of time that is in pages.
struct StoredBlock {
  std::string name;       // Unique among those that exist.
  TimestampMs start = 0;  // Samples with start <= t < end.
  TimestampMs end = 0;
  DurationMs resolution = 0;  // 0: samples as they came; else of buckets.
  TimestampMs min_time = 0;   // Of what is there.
  TimestampMs max_time = 0;
  uint64_t series = 0;
  uint64_t samples = 0;  // Of a tier its buckets.
  uint64_t bytes = 0;    // Of pages before compression.
};

struct MetricFigure {
  std::string name;  // Without the "firn_" prefix.
  std::string help;
  bool counter = false;
  std::string labels;  // `reason="duplicate"`, may be empty.
  double value = 0;
};

struct MetadataEntry {
  std::string metric;
  std::string type;
  std::string help;
  std::string unit;
};

// Thread-safe.
class Admin {
 public:
  virtual ~Admin() = default;
  // Writes every window that holds samples into pages, open ones included, and returns
  // when they are durable and visible.
  virtual Status Seal() = 0;
  // Copies the database as it is now into a new directory `snapshots/NAME` of the data directory,
  // sharing files by hard links, and returns NAME. It can be opened as a data directory.
  virtual Result<std::string> Snapshot() = 0;
  // Seals, merges and downsamples what is due and applies retention; returns when that is
  // done. `force`: does the same to what still takes samples.
  virtual Status Compact(bool force) = 0;
  // Hides the samples within `range` that are stored now, of series that satisfy all matchers
  // of a selector. Durable on return.
  virtual Status DeleteSeries(const std::vector<Matchers>& selectors, const TimeRange& range) = 0;
  // Removes deleted samples from the disk; returns when that is done.
  virtual Status CleanTombstones() = 0;
  // Says that the newest stored times are right although they follow a gap of more than a day,
  // at which retention stops.
  virtual Status ConfirmTime() = 0;
  virtual Result<DatabaseStatus> GetStatus(size_t limit) const = 0;
  // By resolution, then time.
  virtual std::vector<StoredBlock> Blocks() const { return {}; }
  // What stored series cost; reads the labels of all of them. Corruption or Io if these cannot be
  // read, Unimplemented where nothing is stored.
  virtual Result<CostReport> GetCosts(const CostQuery& query) const {
    static_cast<void>(query);
    return Unimplemented("this store keeps no pages");
  }
  virtual std::vector<MetricFigure> Metrics() const = 0;
  // How many stored parts are known to be damaged.
  virtual uint64_t corruption_count() const { return 0; }
  // False while the store refuses writes; `why` says what to do about it.
  virtual bool AcceptsWrites(std::string* why) const = 0;
  // Remembers type, help and unit of metrics, replacing older entries.
  virtual Status PutMetadata(const std::vector<MetadataEntry>& entries) = 0;
  // One metric, or all if `metric` is empty; at most `limit` (0: no limit).
  virtual std::vector<MetadataEntry> GetMetadata(std::string_view metric, size_t limit) const = 0;
};

}  // namespace firn::engine
