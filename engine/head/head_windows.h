// Which windows of the head hold samples, and from which journal entry on.
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <vector>

#include "base/mutex.h"
#include "base/time.h"
#include "engine/head/series.h"

namespace firn::engine {

// A window that takes no more samples and is to be sealed.
struct FrozenWindow {
  WindowSlot slot;
  TimestampMs start = 0;  // Samples with start <= t < end.
  TimestampMs end = 0;
  // Journal entries below this number with samples of the window are in the frozen part.
  uint64_t journal_end = 0;
};

// Thread-safe.
class HeadWindows {
 public:
  explicit HeadWindows(DurationMs width) : width_(width) {}

  DurationMs width() const { return width_; }
  int64_t IndexOf(TimestampMs t) const { return FloorTo(t, width_) / width_; }
  // The slot that takes samples of a window now.
  WindowSlot SlotOf(int64_t window) const;
  // The same; notes that entry `journal` has some.
  WindowSlot Touch(int64_t window, uint64_t journal);

  // What may be frozen: windows that end at or before these times.
  struct Horizon {
    TimestampMs fresh = kMinTimestamp;  // Those that were never frozen,
    TimestampMs late = kMinTimestamp;   // ... and what came to the others afterwards.
  };
  // Freezes the windows up to `horizon` that hold samples, the oldest and `most` at most. No batch
  // may be between its journal write and its last Touch (Head's gate is closed).
  std::vector<FrozenWindow> Freeze(const Horizon& horizon, uint64_t next_journal,
                                   size_t most = std::numeric_limits<size_t>::max());
  // Start of the oldest window that Freeze would find; none if it would find nothing.
  std::optional<TimestampMs> OldestDue(const Horizon& horizon) const;
  // The frozen part is in pages.
  void Sealed(WindowSlot slot);
  // Sealing failed: its samples will be frozen again.
  void Unfreeze(const FrozenWindow& window);
  // The lowest entry that is still needed, `next_journal` if none is.
  uint64_t FirstNeeded(uint64_t next_journal) const;
  size_t open_count() const;
  // The times of windows that hold samples not yet sealed.
  std::vector<TimeRange> Unsealed() const;

 private:
  struct State {
    uint32_t epoch = 0;
    bool fresh = true;                      // No earlier epoch is sealed or being sealed.
    std::optional<uint64_t> first_journal;  // Set while the current epoch has samples.
  };
  struct Frozen {
    WindowSlot slot;
    uint64_t first_journal = 0;
  };
  bool IsDue(int64_t window, const State& state, const Horizon& horizon) const;

  const DurationMs width_;
  mutable Mutex mutex_;
  std::map<int64_t, State> states_ ABSL_GUARDED_BY(mutex_);
  std::vector<Frozen> frozen_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace firn::engine
