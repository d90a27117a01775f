// Where series live and who keeps them: neighbours by number in one piece of memory.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "engine/head/journal/journal_base.h"
#include "engine/head/series.h"

namespace firn::engine {

// A share in a series, of eight bytes since the count is in the series itself. Copies may be made
// and dropped by any thread, each is used by one thread at a time; the last frees the series.
class SeriesPtr {
 public:
  SeriesPtr() = default;
  // REQUIRES: somebody has a share meanwhile.
  explicit SeriesPtr(Series* series) : series_(series) {
    if (series_ != nullptr) series_->shares_.fetch_add(1, std::memory_order_relaxed);
  }
  SeriesPtr(const SeriesPtr& other) : SeriesPtr(other.series_) {}
  SeriesPtr(SeriesPtr&& other) noexcept : series_(std::exchange(other.series_, nullptr)) {}
  SeriesPtr& operator=(SeriesPtr other) noexcept {
    std::swap(series_, other.series_);
    return *this;
  }
  ~SeriesPtr() {
    if (series_ != nullptr) Drop(series_);
  }

  Series* get() const { return series_; }
  Series& operator*() const { return *series_; }
  Series* operator->() const { return series_; }

 private:
  friend class SeriesBlock;
  static void Drop(Series* series) {
    // What other threads did with their shares must have happened before the end.
    if (series->shares_.fetch_sub(1, std::memory_order_acq_rel) == 1) Free(series);
  }
  static void Free(Series* series);

  Series* series_ = nullptr;
};

// The series whose numbers differ in their last bits only. It goes when its table has let go of it
// and the last of them is gone. Thread-safe as far as said.
class SeriesBlock {
 public:
  static constexpr uint64_t kSeries = 64;
  static_assert(kSeries == BaseRow::kSeries);

  // Its maker has a share in it.
  SeriesBlock() {}
  SeriesBlock(const SeriesBlock&) = delete;
  SeriesBlock& operator=(const SeriesBlock&) = delete;

  // Makes a series that has one share, the caller's, and that Find does not give out yet.
  // REQUIRES: this number of the block was never made.
  Series* Make(uint32_t ref, Labels labels);
  void Show(const Series* series) {
    shown_.fetch_or(BitOf(series->ref()), std::memory_order_release);
  }
  // The opposite. The share stays the caller's.
  void Hide(const Series* series) { shown_.fetch_and(~BitOf(series->ref())); }
  // Null if there is none of this number or it is not shown.
  Series* Find(uint64_t ref) {
    return (shown_.load(std::memory_order_acquire) & BitOf(ref)) != 0 ? At(ref) : nullptr;
  }
  // REQUIRES: Find would give one.
  Series* At(uint64_t ref) { return reinterpret_cast<Series*>(memory_) + ref % kSeries; }
  bool shows_none() const { return shown_.load() == 0; }

  // What the next samples may be differences to. Guarded as the samples are.
  BaseRow* bases() {
    if (bases_ == nullptr) bases_ = std::make_unique<BaseRow>();
    return bases_.get();
  }
  size_t BasesBytes() const { return bases_ == nullptr ? 0 : sizeof(*bases_); }

  // Drops the share that Make or the constructor gave.
  static void Drop(Series* series) { SeriesPtr::Drop(series); }
  static void Drop(SeriesBlock* block);

 private:
  friend class SeriesPtr;
  static uint64_t BitOf(uint64_t ref) { return uint64_t{1} << (ref % kSeries); }
  static SeriesBlock* Of(Series* series);

  // A series of its own never shares a line of the cache with another.
  alignas(64) std::byte memory_[kSeries * sizeof(Series)];
  std::unique_ptr<BaseRow> bases_;
  std::atomic<uint64_t> shown_ = 0;
  std::atomic<uint32_t> shares_ = 1;  // The table's, and one of each series that lives.
};

}  // namespace firn::engine
