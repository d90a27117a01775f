// The bytes of one journal entry: the samples of one committed batch. Every entry can be
// read by itself. Byte layout: docs/format/journal.md.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/histogram.h"
#include "base/sample.h"
#include "base/status.h"

namespace firn::engine {

// One thread at a time; reusable after Clear().
class JournalEntryWriter {
 public:
  JournalEntryWriter() { Clear(); }
  void Add(uint64_t series, Sample sample);
  void AddHistogram(uint64_t series, TimestampMs t, const FloatHistogram& histogram);
  // The finished entry; valid until the next call.
  std::string_view Finish();
  bool empty() const { return size_ <= 1; }
  void Clear();

 private:
  // Makes room for a record without a histogram, and returns where it goes.
  char* Room();
  char* PutHead(uint64_t series, TimestampMs t, uint8_t control, char* out);

  std::string bytes_;  // Longer than the entry.
  size_t size_ = 0;    // Of the entry so far.
  uint64_t series_ = 0;
  TimestampMs t_ = 0;
};

// Receives the samples of an entry in the order in which they were added.
class JournalEntryVisitor {
 public:
  virtual ~JournalEntryVisitor() = default;
  virtual void OnSample(uint64_t series, Sample sample) = 0;
  virtual void OnHistogram(uint64_t series, TimestampMs t, HistogramPtr histogram) = 0;
};

// Corruption if the bytes are not a whole entry.
Status ReadJournalEntry(std::string_view entry, JournalEntryVisitor* visitor);

}  // namespace firn::engine
