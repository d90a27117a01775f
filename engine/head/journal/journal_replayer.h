// Brings the samples of journal entries back into the head after a start.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "base/mutex.h"
#include "base/thread_pool.h"
#include "engine/head/head.h"
#include "engine/head/journal/journal_entry.h"
#include "engine/head/journal/replay_bases.h"

namespace firn::engine {

// Used by one thread, while nothing else uses the head. Entries are read on that thread; each
// series belongs to one of several others, which append its samples in the order of the journal.
class JournalReplayer : public JournalEntryVisitor {
 public:
  // Samples with start <= t < end from entries below `journal_end` are in pages already.
  struct SealedRange {
    TimestampMs start = 0;
    TimestampMs end = 0;
    uint64_t journal_end = 0;
  };
  // What else the journal tells.
  struct Source {
    uint64_t first = 0;  // Entries below are forgotten: what depends on them is in pages.
    // Without it none but the last two bases of a series are found.
    ReplayBases::ReadEntry read_entry;
  };
  // REQUIRES: threads >= 1.
  JournalReplayer(Head* head, std::vector<SealedRange> sealed, size_t threads, Source source);
  ~JournalReplayer() override;

  // Corruption if the bytes are not an entry; what comes before the damage counts.
  Status Replay(uint64_t number, std::string_view entry);
  // Returns when all that was replayed is in the head.
  void Finish();

  // Valid after Finish.
  uint64_t samples() const;
  // Samples of a series whose definition is missing: data lost to damage.
  uint64_t orphans() const;
  // Samples of which only a difference to what is not there was found: lost to damage as well.
  uint64_t baseless() const { return baseless_; }

  void OnSample(uint64_t series, Sample sample) override;
  void OnNoBase(uint64_t series, Sample sample) override { Take(series, sample); }
  void OnDifference(uint64_t series, TimestampMs t, const JournalDifference& since) override;
  void OnHistogram(uint64_t series, TimestampMs t, HistogramPtr histogram) override;

 private:
  struct FloatItem {
    uint64_t series;
    Sample sample;
  };
  struct HistogramItem {
    uint64_t series;
    TimestampMs t;
    HistogramPtr histogram;
    WindowSlot slot;
  };
  // Floats up to `end` that belong to one window.
  struct Run {
    WindowSlot slot;
    bool sealed = false;  // They are in pages; only the newest is remembered.
    size_t end = 0;
  };
  struct Work {
    std::vector<FloatItem> floats;
    std::vector<Run> runs;
    std::vector<HistogramItem> histograms;
    size_t size() const { return floats.size() + histograms.size(); }
  };
  // A thread and its series.
  struct Lane {
    Lane() : thread(1, "firn-replay") {}
    Work filling;
    uint64_t samples = 0;
    uint64_t orphans = 0;
    ThreadPool thread;  // Last: it uses the rest.
  };

  Lane& LaneOf(uint64_t series) { return *lanes_[series / 64 % lanes_.size()]; }
  // Finds where samples of time `t` go, for this and neighbouring times.
  void FindSlot(TimestampMs t);
  void Take(uint64_t series, Sample sample);
  void TakeFetched(uint64_t series, TimestampMs t, const JournalDifference& since);
  void HandOver(Lane* lane);
  void Apply(const Work& work, Lane* lane);
  void ApplyRun(std::span<const FloatItem> floats, const Run& run, Lane* lane);

  Head* const head_;
  const std::vector<SealedRange> sealed_;
  const uint64_t first_;
  ReplayBases bases_;
  Status bases_status_;
  uint64_t baseless_ = 0;
  uint64_t number_ = 0;
  // Where the answer for the last sample holds: start <= t < end; empty at first.
  TimestampMs known_start_ = 0;
  TimestampMs known_end_ = 0;
  bool known_sealed_ = false;
  WindowSlot slot_;
  TimestampMs newest_ = kMinTimestamp;

  Mutex mutex_;
  CondVar done_;
  size_t in_flight_ ABSL_GUARDED_BY(mutex_) = 0;
  std::vector<std::unique_ptr<Lane>> lanes_;  // Last: their threads use the rest.
};

}  // namespace firn::engine
