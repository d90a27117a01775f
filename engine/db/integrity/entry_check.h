// What a journal entry holds, and what of it can be used once other records are lost.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>

#include <absl/container/flat_hash_set.h>

#include "base/time.h"
#include "engine/head/journal/journal_entry.h"

namespace firn::engine {

// Entries whose values differences may be taken to.
class UsableEntries {
 public:
  // Those below `first` are forgotten: what depends on them is in pages.
  explicit UsableEntries(uint64_t first) : first_(first) {}
  void Add(uint64_t entry) { read_.insert(entry); }
  bool Has(uint64_t entry) const {
    // Most depend on the same entry as the sample before.
    if (entry != last_ || !last_is_usable_) {
      last_ = entry;
      last_is_usable_ = entry < first_ || read_.contains(entry);
    }
    return last_is_usable_;
  }

 private:
  const uint64_t first_;
  absl::flat_hash_set<uint64_t> read_;
  mutable uint64_t last_ = 0;
  mutable bool last_is_usable_ = false;
};

// Extent of an entry, samples of series without a definition, and samples whose base is lost.
class EntrySurvey : public JournalEntryVisitor {
 public:
  EntrySurvey(const absl::flat_hash_set<uint64_t>& series, const UsableEntries& entries)
      : series_(series), entries_(entries) {}
  void OnSample(uint64_t series, Sample sample) override { Add(series, sample.t); }
  void OnDifference(uint64_t series, TimestampMs t, const JournalDifference& since) override {
    Add(series, t);
    if (entries_.Has(since.base_entry)) return;
    ++baseless;
    baseless_range = {std::min(baseless_range.min, t), std::max(baseless_range.max, t)};
  }
  void OnHistogram(uint64_t series, TimestampMs t, HistogramPtr) override { Add(series, t); }

  uint64_t samples = 0;
  uint64_t orphans = 0;
  uint64_t baseless = 0;
  TimeRange range{kMaxTimestamp, kMinTimestamp};
  TimeRange baseless_range{kMaxTimestamp, kMinTimestamp};

 private:
  void Add(uint64_t series, TimestampMs t) {
    ++samples;
    if (!series_.contains(series)) ++orphans;
    range = {std::min(range.min, t), std::max(range.max, t)};
  }

  const absl::flat_hash_set<uint64_t>& series_;
  const UsableEntries& entries_;
};

// The entry without the samples whose base is lost. REQUIRES: it can be read.
std::string WithoutBaseless(std::string_view entry, const UsableEntries& entries);

}  // namespace firn::engine
