// The bytes of one journal entry: the samples of one committed batch, each as a whole or as a
// difference to a value that an earlier entry holds as a whole. Byte layout:
// docs/format/journal.md.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/histogram.h"
#include "base/sample.h"
#include "base/status.h"
#include "engine/head/journal/journal_base.h"
#include "engine/head/journal/journal_difference.h"

namespace firn::engine {

// One thread at a time; reusable after Clear().
class JournalEntryWriter {
 public:
  JournalEntryWriter() { Clear(); }
  void Add(uint64_t series, Sample sample);
  // Of a series that has this base: as a difference to it, or by AddNoBase if that is as short.
  void AddSince(const JournalBase& base, uint64_t series, Sample sample);
  // As it is, but no base for others.
  void AddNoBase(uint64_t series, Sample sample);
  void AddDifference(uint64_t series, TimestampMs t, const JournalDifference& since);
  void AddHistogram(uint64_t series, TimestampMs t, const FloatHistogram& histogram);
  // The finished entry; valid until the next call.
  std::string_view Finish();
  void Clear();

 private:
  // Ends what the last record left open, and makes room for one more without a histogram. Returns
  // where it goes.
  char* Room();
  void AddUnchanged(uint64_t series, TimestampMs t, uint64_t base_entry);
  void EndRun();
  char* PutBase(uint64_t entry, char* out);
  void EndAt(const char* out) { size_ = static_cast<size_t>(out - bytes_.data()); }
  char* PutHead(uint64_t series, TimestampMs t, uint8_t control, char* out);

  std::string bytes_;  // Longer than the entry.
  size_t size_ = 0;    // Of the entry so far.
  uint64_t series_ = 0;
  TimestampMs t_ = 0;
  uint64_t base_entry_ = 0;  // 0: no difference so far.
  size_t run_at_ = 0;        // Control byte of a run of unchanged samples that may go on; 0: none.
  uint64_t run_ = 0;         // Samples of it.
};

// Receives the samples of an entry in the order in which they were added.
class JournalEntryVisitor {
 public:
  virtual ~JournalEntryVisitor() = default;
  virtual void OnSample(uint64_t series, Sample sample) = 0;
  // A sample that is no base for others.
  virtual void OnNoBase(uint64_t series, Sample sample) { OnSample(series, sample); }
  virtual void OnDifference(uint64_t series, TimestampMs t, const JournalDifference& since) = 0;
  virtual void OnHistogram(uint64_t series, TimestampMs t, HistogramPtr histogram) = 0;
};

// Corruption if the bytes are not a whole entry.
Status ReadJournalEntry(std::string_view entry, JournalEntryVisitor* visitor);

}  // namespace firn::engine
