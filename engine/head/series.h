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

// All members below the labels but the count of shares are guarded by the stripe lock of the
// series' number (SeriesTable::StripeOf).
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
  // Ask for the memory that Append will touch. The second reads what the first asks for,
  // so it should come some series later.
  void PrefetchSelf() const {
    constexpr size_t kLine = 64;
    const char* const self = reinterpret_cast<const char*>(this);
    __builtin_prefetch(self, 1);
    __builtin_prefetch(self + kLine, 1);
  }
  void PrefetchEnd() const { newest_.floats.PrefetchEnd(); }
  // The same for who reads labels: first where they are and what counts shares, then the text.
  void PrefetchIdentity() const {
    __builtin_prefetch(&shares_);
    __builtin_prefetch(&labels_);
  }
  void PrefetchLabels() const {
    constexpr size_t kLine = 64;
    const std::string_view text = labels_.packed();
    for (size_t at = 0; at < text.size(); at += kLine) __builtin_prefetch(text.data() + at);
  }
  double last_v() const { return last_v_; }
  const HistogramPtr& last_histogram() const { return last_histogram_; }
  // Remembers the newest sample known from elsewhere (after a restart).
  void NoteLast(Sample sample);

  enum class Outcome { kAppended, kLate, kDuplicate };
  Outcome Append(WindowSlot slot, Sample sample);
  Outcome AppendHistogram(WindowSlot slot, TimestampMs t, HistogramPtr histogram);

  size_t chunk_count() const { return older_.size() + (has_newest_ ? 1 : 0); }
  // Calls `visit` for the chunks in the order of their slots until it returns false.
  template <typename Visit>
  void VisitChunks(const Visit& visit) const {
    for (const HeadChunk& chunk : older_) {
      if (!visit(chunk)) return;
    }
    if (has_newest_) visit(newest_);
  }
  // The same for the chunks of one window, without looking at all others.
  template <typename Visit>
  void VisitWindow(int64_t window, const Visit& visit) const {
    auto it = std::lower_bound(older_.begin(), older_.end(), window,
                               [](const HeadChunk& c, int64_t w) { return c.slot.window < w; });
    for (; it != older_.end() && it->slot.window == window; ++it) {
      if (!visit(*it)) return;
    }
    if (has_newest_ && newest_.slot.window == window) visit(newest_);
  }
  // Appends to `out` what chunk `chunk` holds within `range`, merged and in time order.
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
  friend class SeriesPtr;
  HeadChunk& ChunkFor(WindowSlot slot);
  HeadChunk& StartNewest(WindowSlot slot);

  // What each sample touches comes first and together.
  std::atomic<TimestampMs> last_t_ = kMinTimestamp;  // Written under the lock only.
  double last_v_ = 0;
  HeadChunk newest_;  // The one with the highest slot, if has_newest_.
  std::atomic<bool> durable_ = false;
  bool has_last_ = false;
  bool has_newest_ = false;
  std::atomic<uint32_t> shares_ = 0;  // Of SeriesPtr; any thread.
  const uint64_t ref_;
  HistogramPtr last_histogram_;
  std::vector<HeadChunk> older_;  // Sorted by slot, all below that of the newest.
  const uint64_t hash_;
  const Labels labels_;
};

// A share in a series, of eight bytes since the count is in the series itself. Copies may be made
// and dropped by any thread, each is used by one thread at a time; the last frees the series.
class SeriesPtr {
 public:
  SeriesPtr() = default;
  explicit SeriesPtr(std::unique_ptr<Series> series) : SeriesPtr(series.release()) {}
  SeriesPtr(const SeriesPtr& other) : SeriesPtr(other.series_) {}
  SeriesPtr(SeriesPtr&& other) noexcept : series_(std::exchange(other.series_, nullptr)) {}
  SeriesPtr& operator=(SeriesPtr other) noexcept {
    std::swap(series_, other.series_);
    return *this;
  }
  ~SeriesPtr() {
    if (series_ == nullptr) return;
    // What other threads did with their shares must have happened before the end.
    if (series_->shares_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete series_;
  }

  Series* get() const { return series_; }
  Series& operator*() const { return *series_; }
  Series* operator->() const { return series_; }

 private:
  explicit SeriesPtr(Series* series) : series_(series) {
    if (series_ != nullptr) series_->shares_.fetch_add(1, std::memory_order_relaxed);
  }

  Series* series_ = nullptr;
};

}  // namespace firn::engine
