// One series of the head: its labels and, for each open or just frozen window, the
// compressed samples that arrived.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "base/histogram.h"
#include "base/labels.h"
#include "base/sample.h"
#include "engine/api/querier.h"
#include "engine/head/histogram_run.h"
#include "storage/encoding/gorilla.h"

namespace firn::engine {

// Which chunk of a series a sample belongs to. Freezing a window starts a new epoch, so
// that what is being sealed no longer changes.
struct WindowSlot {
  int64_t window = 0;  // Window start / window width.
  uint32_t epoch = 0;
  friend auto operator<=>(const WindowSlot&, const WindowSlot&) = default;
};

// Windows of which chunks up to an epoch are in pages and are to be ignored in the head.
using SealedEpochs = std::map<int64_t, uint32_t>;

inline bool IsSealed(const SealedEpochs& sealed, WindowSlot slot) {
  const auto it = sealed.find(slot.window);
  return it != sealed.end() && slot.epoch <= it->second;
}

// What few chunks have beside floats in the order of time.
struct OtherSamples {
  std::vector<Sample> late;  // Floats outside that order; sorted by time, unique.
  HistogramRun histograms;

  size_t AllocatedBytes() const;
};

// The samples of a series in one window, as long as the lock is held.
struct HeadChunk {
  WindowSlot slot;
  std::string_view floats;              // In the order of time, as storage::GorillaDecode reads.
  const OtherSamples* other = nullptr;  // Null if there are none.
};

// Number and labels never change; the rest, but for what says that it may be read by anybody, is
// guarded by the stripe lock of the number (SeriesTable::StripeOf).
class Series {
 public:
  Series(uint32_t ref, Labels labels) : ref_(ref), labels_(std::move(labels)) {}
  Series(const Series&) = delete;
  Series& operator=(const Series&) = delete;

  uint64_t ref() const { return ref_; }
  const Labels& labels() const { return labels_; }

  // Set once the definition of the series is on disk; until then every batch with one of
  // its samples carries the definition again.
  bool durable() const { return durable_.load(std::memory_order_acquire); }
  void SetDurable() { durable_.store(true, std::memory_order_release); }

  bool has_samples() const { return has_last_; }
  TimestampMs last_t() const { return last_t_.load(std::memory_order_relaxed); }
  // The one thing that may be read without the lock: whether a sample of time `t` comes after
  // all samples so far. The answer may be out of date at once.
  bool IsAfterLast(TimestampMs t) const { return t > last_t(); }
  // Ask for the memory that Append will touch. The second reads what the first asks for,
  // so it should come some series later.
  void PrefetchSelf() const {
    constexpr size_t kLine = 64;
    const char* const self = reinterpret_cast<const char*>(this);
    __builtin_prefetch(self, 1);
    __builtin_prefetch(self + kLine, 1);
  }
  void PrefetchEnd() const { open_floats_.PrefetchEnd(); }
  // The same for who reads labels: first where they are and what counts shares, then the text.
  void PrefetchIdentity() const { __builtin_prefetch(&labels_); }
  void PrefetchLabels() const {
    constexpr size_t kLine = 64;
    const std::string_view text = labels_.packed();
    for (size_t at = 0; at < text.size(); at += kLine) __builtin_prefetch(text.data() + at);
  }
  double last_v() const { return last_v_; }
  // The histogram of last_t(); null if that was a float, or came before the start.
  HistogramPtr last_histogram() const;
  // Remembers the newest sample known from elsewhere (after a restart).
  void NoteLast(Sample sample);

  enum class Outcome { kAppended, kLate, kDuplicate };
  Outcome Append(WindowSlot slot, Sample sample);
  Outcome AppendHistogram(WindowSlot slot, TimestampMs t, HistogramPtr histogram);

  size_t chunk_count() const { return closed_.size() + (has_open_ ? 1 : 0); }
  // Calls `visit` for the chunks in the order of their slots until it returns false.
  template <typename Visit>
  void VisitChunks(const Visit& visit) const {
    for (const ClosedChunk& chunk : closed_) {
      if (!visit(chunk.View())) return;
    }
    if (has_open_) visit(OpenChunk());
  }
  // The same for the chunks of one window, without looking at all others.
  template <typename Visit>
  void VisitWindow(int64_t window, const Visit& visit) const {
    auto it = std::lower_bound(closed_.begin(), closed_.end(), window,
                               [](const ClosedChunk& c, int64_t w) { return c.window < w; });
    for (; it != closed_.end() && it->window == window; ++it) {
      if (!visit(it->View())) return;
    }
    if (has_open_ && open_window_ == window) visit(OpenChunk());
  }
  // Appends to `out` what `chunk` holds within `range`, merged and in time order.
  // `scratch` is working memory. Corruption cannot happen short of a memory fault.
  static Status ReadChunk(const HeadChunk& chunk, const TimeRange& range, SampleColumns* scratch,
                          SampleColumns* out);
  // The same of the floats of a chunk without late samples, of which `bytes` are a copy.
  static Status ReadFloats(std::string_view bytes, const TimeRange& range, SampleColumns* scratch,
                           SampleColumns* out);
  // Frees the chunks of sealed windows.
  void DropChunks(const SealedEpochs& sealed);
  size_t AllocatedBytes() const;

 private:
  friend class SeriesBlock;
  friend class SeriesPtr;

  // A chunk that takes no more floats in the order of time.
  struct ClosedChunk {
    int64_t window = 0;
    storage::GorillaBytes floats;
    std::unique_ptr<OtherSamples> other;
    uint32_t epoch = 0;
    uint32_t float_bytes = 0;

    WindowSlot slot() const { return {window, epoch}; }
    HeadChunk View() const { return {slot(), {floats.get(), float_bytes}, other.get()}; }
  };

  WindowSlot open_slot() const { return {open_window_, open_epoch_}; }
  HeadChunk OpenChunk() const { return {open_slot(), open_floats_.bytes(), open_other_.get()}; }
  // Whether the chunk of this slot is the open one, after opening it if it comes after all others.
  bool Open(WindowSlot slot);
  void Close();
  OtherSamples* OtherOf(WindowSlot slot);

  // What each sample touches comes first and together.
  std::atomic<TimestampMs> last_t_ = kMinTimestamp;  // Written under the lock only.
  double last_v_ = 0;
  // The open chunk, if has_open_: the one with the highest slot.
  int64_t open_window_ = 0;
  uint32_t open_epoch_ = 0;
  std::atomic<bool> durable_ = false;
  bool has_last_ = false;
  bool has_open_ = false;
  storage::GorillaAppender open_floats_;
  std::unique_ptr<OtherSamples> open_other_;  // Without an open chunk the histogram of last_t_.
  std::atomic<uint32_t> shares_ = 0;          // Of SeriesPtr; any thread.
  const uint32_t ref_;
  std::vector<ClosedChunk> closed_;  // Sorted by slot, all below the open one.
  const Labels labels_;
};
// Two lines of the cache.
static_assert(sizeof(Series) == 128);

}  // namespace firn::engine
