// One series of the head: its labels and, for each open or just frozen window, the
// compressed samples that arrived.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/histogram.h"
#include "base/labels.h"
#include "base/sample.h"
#include "engine/api/querier.h"
#include "storage/encoding/gorilla.h"

namespace firn::engine {

// Which chunk of a series a sample belongs to. Freezing a window starts a new epoch, so
// that what is being sealed no longer changes.
struct WindowSlot {
  int64_t window = 0;  // Window start / window width.
  uint32_t epoch = 0;
  friend auto operator<=>(const WindowSlot&, const WindowSlot&) = default;
};

// Samples outside the time order of their chunk, sorted by time, unique.
struct LateSamples {
  std::vector<Sample> samples;
};

struct HistogramSamples {
  std::vector<TimestampMs> t;  // Sorted, unique.
  std::vector<HistogramPtr> h;
};

struct HeadChunk {
  WindowSlot slot;
  storage::GorillaAppender floats;
  std::unique_ptr<LateSamples> late;
  std::unique_ptr<HistogramSamples> histograms;

  size_t AllocatedBytes() const;
};

// All members below the labels are guarded by the stripe lock of the series' number
// (SeriesTable::StripeOf).
class Series {
 public:
  Series(uint64_t ref, Labels labels, uint64_t hash)
      : ref_(ref), hash_(hash), labels_(std::move(labels)) {}
  Series(const Series&) = delete;
  Series& operator=(const Series&) = delete;

  uint64_t ref() const { return ref_; }
  uint64_t hash() const { return hash_; }
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
  // Ask for the memory that Append will write to. The second reads what the first asks for,
  // so it should come some series later.
  void PrefetchChunk() const {
    if (!chunks_.empty()) __builtin_prefetch(&chunks_.back(), 1);
  }
  void PrefetchEnd() const {
    if (!chunks_.empty()) chunks_.back().floats.PrefetchEnd();
  }
  double last_v() const { return last_v_; }
  const HistogramPtr& last_histogram() const { return last_histogram_; }
  // Remembers the newest sample known from elsewhere (after a restart).
  void NoteLast(Sample sample);

  enum class Outcome { kAppended, kLate, kDuplicate };
  Outcome Append(WindowSlot slot, Sample sample);
  Outcome AppendHistogram(WindowSlot slot, TimestampMs t, HistogramPtr histogram);

  const std::vector<HeadChunk>& chunks() const { return chunks_; }
  // Appends to `out` what chunk `chunk` holds within `range`, merged and in time order.
  // `scratch` is working memory. Corruption cannot happen short of a memory fault.
  static Status ReadChunk(const HeadChunk& chunk, const TimeRange& range, SampleColumns* scratch,
                          SampleColumns* out);
  // Frees the chunks of sealed windows: those of a slot and of earlier epochs.
  void DropChunks(const std::vector<WindowSlot>& slots);
  size_t AllocatedBytes() const;

 private:
  HeadChunk& ChunkFor(WindowSlot slot);

  const uint64_t ref_;
  const uint64_t hash_;
  const Labels labels_;
  std::atomic<bool> durable_ = false;
  bool has_last_ = false;
  std::atomic<TimestampMs> last_t_ = kMinTimestamp;  // Written under the lock only.
  double last_v_ = 0;
  HistogramPtr last_histogram_;
  std::vector<HeadChunk> chunks_;  // Sorted by slot.
};

}  // namespace firn::engine
