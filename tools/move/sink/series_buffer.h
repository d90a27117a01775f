// Samples by series, in memory, until there are enough of them to make windows of.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <absl/container/flat_hash_map.h>

#include "base/labels.h"
#include "engine/api/querier.h"
#include "engine/db/database.h"
#include "engine/head/registry/label_check.h"
#include "server/codec/write_visitor.h"
#include "tools/move/sink/import_sink.h"

namespace firn::tools {

// One thread at a time.
class SeriesBuffer {
 public:
  // InvalidArgument for labels that cannot be stored; nothing of the series is taken then.
  Status Add(const server::WriteSeries& series);

  // About what is held.
  uint64_t bytes() const { return bytes_; }
  bool empty() const { return entries_.empty(); }

  // Stores everything, a window for each UTC day that has samples, and counts it. The buffer is
  // empty afterwards, also after an error.
  Status Store(engine::Database* db, ImportCounts* counts, Tallies* tallies);

 private:
  struct Entry {
    Labels labels;
    std::string_view metric;
    std::vector<Sample> samples;
    std::vector<server::TimedHistogram> histograms;
    size_t next_sample = 0;  // Of those not stored yet.
    size_t next_histogram = 0;
  };

  Result<Entry*> Find(std::span<const LabelView> labels);
  // Makes times ascend and unique, over both kinds; returns how many samples that costs.
  static uint64_t Settle(Entry* entry);
  static void Tally(const Entry& entry, MetricTally* tally);
  // The first time that is not stored yet; kMaxTimestamp for none.
  static TimestampMs NextTime(const Entry& entry);
  // Moves the samples before `end` to `out`.
  static void Take(TimestampMs end, Entry* entry, engine::SampleColumns* out);

  // In the order of their first samples; the map has their labels in packed form.
  std::vector<std::unique_ptr<Entry>> entries_;
  absl::flat_hash_map<std::string_view, size_t> numbers_;
  size_t last_ = 0;  // Number of the entry that was found last.
  uint64_t bytes_ = 0;
  std::vector<LabelView> sorted_;
  std::string packed_;
};

}  // namespace firn::tools
