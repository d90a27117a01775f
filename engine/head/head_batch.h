// One batch of writes against the head: resolve, check, encode for the journal, apply.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <absl/container/flat_hash_map.h>

#include "engine/api/appender.h"
#include "engine/head/head.h"
#include "engine/head/journal/journal_entry.h"

namespace firn::engine {

// One thread at a time. Stays inside the head's gate from construction to destruction, so
// that no series it refers to is removed and no window is frozen between its journal
// write and Apply.
class HeadBatch {
 public:
  explicit HeadBatch(Head* head)
      : head_(head), accepted_(head->AcceptedTimes()), new_refs_(&head->table()) {
    head_->gate().Enter();
  }
  ~HeadBatch() { head_->gate().Leave(); }
  HeadBatch(const HeadBatch&) = delete;
  HeadBatch& operator=(const HeadBatch&) = delete;

  // See Appender for these six.
  Result<SeriesRef> FindSeries(std::span<const LabelView> raw);
  RecognisedSeries Recognise(std::string_view wire);
  void Remember(SeriesRef series, std::string_view wire);
  Status Append(SeriesRef series, std::span<const Sample> samples);
  Status AppendHistogram(SeriesRef series, TimestampMs t, HistogramPtr histogram);
  void AppendStart(SeriesRef series, TimestampMs start, const FloatHistogram* like);

  bool empty() const { return samples_.empty() && histograms_.empty(); }
  // The journal entry of what was appended. Valid until the batch is destroyed.
  std::string_view EncodeEntry();
  // Series whose definition must be written along: not known to be on disk.
  const std::vector<Series*>& undefined() const { return undefined_; }

  // Makes everything visible. `journal` is the number of the entry that holds it.
  AppendCounts Apply(uint64_t journal);

 private:
  struct PendingSample {
    Series* series;
    Sample sample;
  };
  struct PendingHistogram {
    Series* series;
    TimestampMs t;
    HistogramPtr histogram;
  };

  Series* Resolve(SeriesRef ref);
  void SetFound(Series* series);
  Series* Predict(std::span<const LabelView> raw) const;
  Result<Series*> LookUp(std::span<const LabelView> raw);
  // Asks for the memory that the predictions after series `ref` will read.
  void PrefetchAfter(uint64_t ref) const;
  void PrefetchLabelsAfter(uint64_t ref) const;
  // The slot of the window of `t`, asked for once per window: `ask` gets the window.
  template <typename Ask>
  WindowSlot SlotFor(TimestampMs t, const Ask& ask);
  // Samples [first, end) are of series of one block, which share a lock.
  size_t EndOfBlock(size_t first) const;

  Head* const head_;
  const TimeRange accepted_;
  SeriesTable::RefRun new_refs_;
  Series* last_found_ = nullptr;
  uint64_t before_last_ = 0;  // Number of the series found before it.
  bool recognised_ = false;   // ... that it was found by what was sent, its labels unread.
  Series* last_resolved_ = nullptr;
  std::vector<LabelView> sorted_;
  std::string packed_;
  std::vector<PendingSample> samples_;
  std::vector<PendingHistogram> histograms_;
  std::vector<Series*> undefined_;
  uint64_t new_series_ = 0;
  JournalEntryWriter entry_;
  // By sample of the entry: whether it had no base and may be one for those to come.
  std::vector<uint8_t> had_none_;
  // By block of numbers, by bit: which series the entry holds, and which more than once.
  struct Occurrences {
    uint64_t once = 0;
    uint64_t again = 0;
  };
  absl::flat_hash_map<uint64_t, Occurrences> occurrences_;
  // Of the windows met so far.
  std::vector<WindowSlot> slots_;
  // The time that was asked for last, and its slot.
  TimestampMs last_t_ = 0;
  WindowSlot last_slot_;
};

}  // namespace firn::engine
