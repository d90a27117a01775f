// One batch of writes against the head: resolve, check, encode for the journal, apply.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/api/appender.h"
#include "engine/head/head.h"
#include "engine/head/journal_entry.h"

namespace firn::engine {

// One thread at a time. Stays inside the head's gate from construction to destruction, so
// that no series it refers to is removed and no window is frozen between its journal
// write and Apply.
class HeadBatch {
 public:
  explicit HeadBatch(Head* head) : head_(head), accepted_(head->AcceptedTimes()) {
    head_->gate().Enter();
  }
  ~HeadBatch() { head_->gate().Leave(); }
  HeadBatch(const HeadBatch&) = delete;
  HeadBatch& operator=(const HeadBatch&) = delete;

  // See Appender for these four.
  Result<SeriesRef> FindSeries(std::span<const LabelView> raw);
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
  Series* Predict(std::span<const LabelView> raw) const;
  Result<Series*> LookUp(std::span<const LabelView> raw);
  // Asks for the memory that the predictions after series `ref` will read.
  void PrefetchAfter(uint64_t ref) const;
  WindowSlot SlotFor(TimestampMs t, uint64_t journal);
  // Samples [first, end) are of series that share a lock.
  size_t EndOfStripe(size_t first) const;

  Head* const head_;
  const TimeRange accepted_;
  Series* last_found_ = nullptr;
  Series* last_resolved_ = nullptr;
  std::vector<LabelView> sorted_;
  std::string packed_;
  std::vector<PendingSample> samples_;
  std::vector<PendingHistogram> histograms_;
  std::vector<Series*> undefined_;
  uint64_t new_series_ = 0;
  JournalEntryWriter entry_;
  // The slot of the window of the sample before.
  std::vector<WindowSlot> slots_;
};

// Appends the samples of replayed journal entries. Not inside the gate: nothing else runs.
class JournalReplayer : public JournalEntryVisitor {
 public:
  // Samples with start <= t < end from entries below `journal_end` are in pages already.
  struct SealedRange {
    TimestampMs start = 0;
    TimestampMs end = 0;
    uint64_t journal_end = 0;
  };
  JournalReplayer(Head* head, std::vector<SealedRange> sealed)
      : head_(head), sealed_(std::move(sealed)) {}

  Status Replay(uint64_t number, std::string_view entry);

  uint64_t samples() const { return samples_; }
  // Samples of a series whose definition is missing: data lost to damage.
  uint64_t orphans() const { return orphans_; }

  void OnSample(uint64_t series, Sample sample) override;
  void OnHistogram(uint64_t series, TimestampMs t, HistogramPtr histogram) override;

 private:
  // False if the sample is sealed already.
  bool FindSlot(TimestampMs t, WindowSlot* slot);
  Series* FindSeries(uint64_t ref);

  Head* const head_;
  const std::vector<SealedRange> sealed_;
  uint64_t number_ = 0;
  // Where the answer for the last sample holds: start <= t < end; empty at first.
  TimestampMs known_start_ = 0;
  TimestampMs known_end_ = 0;
  bool known_sealed_ = false;
  WindowSlot slot_;
  uint64_t samples_ = 0;
  uint64_t orphans_ = 0;
};

}  // namespace firn::engine
