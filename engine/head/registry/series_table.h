// The registry of the head's series: by labels, by number, by metric name.
#pragma once

#include <array>
#include <atomic>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <absl/container/flat_hash_set.h>
#include <absl/functional/function_ref.h>

#include "base/matcher.h"
#include "base/memory/label_arena.h"
#include "base/mutex.h"
#include "engine/head/registry/block_array.h"
#include "engine/head/registry/label_signature.h"
#include "engine/head/registry/name_sets.h"
#include "engine/head/registry/selection_memo.h"
#include "engine/head/registry/series_block.h"
#include "engine/head/registry/series_numbers.h"

namespace firn::engine {

// Thread-safe. Series are removed only by Remove, whose caller makes sure that nobody
// holds a bare pointer (Head's gate); a SeriesPtr keeps its series alive anyway.
class SeriesTable {
 public:
  SeriesTable();
  ~SeriesTable();
  SeriesTable(const SeriesTable&) = delete;
  SeriesTable& operator=(const SeriesTable&) = delete;

  // Numbers set aside for the new series of one batch: what stands together in requests gets
  // neighbouring numbers, whatever other batches do meanwhile. Used by one thread.
  class RefRun {
   public:
    explicit RefRun(SeriesTable* table) : table_(table) {}
    // Numbers that were not needed are given back if they are the last.
    ~RefRun() { table_->next_ref_.compare_exchange_strong(end_, next_); }
    RefRun(const RefRun&) = delete;
    RefRun& operator=(const RefRun&) = delete;

   private:
    friend class SeriesTable;
    uint64_t Take();
    SeriesTable* const table_;
    uint64_t next_ = 0;
    uint64_t end_ = 0;
    uint64_t length_ = 1;  // Of the next run: as many as were needed before.
  };

  // Null if unknown. `packed` are packed labels, `hash` their Xxh3.
  Series* Find(std::string_view packed, uint64_t hash) const;
  // Null if there is none of this number (any number is allowed).
  Series* ByRef(uint64_t ref) const;
  // The series with these labels, made with a number of `run` if unknown. ResourceExhausted
  // when numbers run out.
  Result<Series*> FindOrCreate(std::string_view packed, uint64_t hash, RefRun* run, bool* created);
  // Restores a series under its old number. Corruption if number or labels are taken.
  Status Restore(uint64_t ref, const Labels& labels);
  // Numbers below this are never given out again.
  void ReserveRefs(uint64_t next_ref);
  uint64_t next_ref() const { return next_ref_.load(std::memory_order_relaxed); }

  // All series that match, in label order.
  std::vector<SeriesPtr> Select(const Matchers& matchers);
  // Calls `visit` for the same in any order, but metric by metric, which is cheaper. It runs with
  // the table locked, so that series stay, and may not ask the table for series. After false the
  // rest of the metric is left out.
  using Visit = absl::FunctionRef<bool(Series*)>;
  void VisitUnordered(const Matchers& matchers, Visit visit) const;
  // The same for one series after another of each set of label names (a NameSet's text) of each
  // metric for which wanted(names), until `visit` returns false for one of the set.
  using Wanted = absl::FunctionRef<bool(std::string_view)>;
  void VisitByNames(const Matchers& matchers, Wanted wanted, Visit visit) const;
  // Every series, metric by metric (names ascending), in label order within.
  std::vector<SeriesPtr> AllByMetric();
  // Returns one number of each block of numbers (series_numbers.h) that are all used and of which
  // no series is left.
  std::vector<uint64_t> Remove(const std::vector<SeriesPtr>& series);
  size_t size() const { return count_.load(std::memory_order_relaxed); }

  // Guards the samples of the series with this number. Neighbours share a stripe, so that
  // a batch that goes through series in order rarely changes locks.
  Mutex& StripeOf(uint64_t ref) { return stripes_[BlockNumber(ref) % kStripes]; }
  static uint64_t BlockNumber(uint64_t ref) { return ref / SeriesBlock::kSeries; }
  static uint64_t BitInBlock(uint64_t ref) { return uint64_t{1} << (ref % SeriesBlock::kSeries); }
  // Of all series of a block; the stripe guards them too. REQUIRES: there is a series of this
  // number.
  BaseRow* BasesOf(uint64_t ref) { return BlockOf(ref)->bases(); }
  // 0 if the table has let go of the block. REQUIRES: somebody has a share in the series.
  size_t BasesBytes(uint64_t ref) const {
    const SeriesBlock* const block = BlockOf(ref);
    return block == nullptr ? 0 : block->BasesBytes();
  }

 private:
  static constexpr size_t kShards = 16;
  static constexpr size_t kStripes = 256;

  // The sets of a shard hold numbers, which take half of what pointers do; labels are hashed
  // again when a set grows, which costs less than keeping what came out.
  struct HashPacked {
    using is_transparent = void;
    const SeriesTable* table = nullptr;
    size_t operator()(uint32_t ref) const;
    size_t operator()(std::pair<std::string_view, uint64_t> key) const { return key.second; }
  };
  struct SamePacked {
    using is_transparent = void;
    const SeriesTable* table = nullptr;
    std::string_view Key(uint32_t ref) const { return table->At(ref)->labels().packed(); }
    static std::string_view Key(std::pair<std::string_view, uint64_t> key) { return key.first; }
    template <typename A, typename B>
    bool operator()(const A& a, const B& b) const {
      return Key(a) == Key(b);
    }
  };
  struct Shard {
    mutable SharedMutex mutex;
    absl::flat_hash_set<uint32_t, HashPacked, SamePacked> set ABSL_GUARDED_BY(mutex);
  };
  struct Listed {
    uint32_t ref = 0;
    LabelSignature signature = 0;  // Of its labels.
  };
  struct Metric {
    std::vector<Listed> sorted;
    std::vector<Listed> fresh;  // Not yet merged into `sorted`.
    NameSets names;
    uint64_t version = 0;  // See SelectionMemo.
  };

  Shard& ShardOf(uint64_t hash) { return shards_[(hash >> 48) % kShards]; }
  const Shard& ShardOf(uint64_t hash) const { return shards_[(hash >> 48) % kShards]; }
  // Null if no series of its block was made.
  SeriesBlock* BlockOf(uint64_t ref) const;
  // REQUIRES: there is a series of this number.
  Series* At(uint32_t ref) const { return BlockOf(ref)->At(ref); }
  // The series that the table then has under this number.
  Result<Series*> Make(uint64_t ref, std::string_view packed, uint64_t hash, Shard& shard)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(shard.mutex);
  void List(Series* series);
  void Unlist(const std::vector<SeriesPtr>& series);
  void SortFresh();
  // Lets go of the block of a number if none of its series is left or will come.
  void DropIfSpent(uint64_t ref);
  // Whether no number of those that are given up together is in use or will be.
  bool NumbersAreSpent(uint64_t ref) const;
  // What series of a metric must match.
  struct Filter {
    Matchers matchers;  // None on the name.
    SignatureFilter signatures;
  };
  using VisitMetric = absl::FunctionRef<void(const Metric&, const Filter&)>;
  void VisitMetrics(const Matchers& matchers, VisitMetric visit) const
      ABSL_SHARED_LOCKS_REQUIRED(metrics_mutex_);
  void VisitMatching(const Metric& metric, const Filter& filter, Visit visit) const;
  // The one that matchers name; null if they name none that there is.
  const Metric* NamedMetric(const Matchers& matchers) const
      ABSL_SHARED_LOCKS_REQUIRED(metrics_mutex_);

  std::array<Shard, kShards> shards_;
  std::array<Mutex, kStripes> stripes_;
  BlockArray<std::atomic<SeriesBlock*>, kSeriesNumbersMax / SeriesBlock::kSeries,
             kSeriesNumbersPerBlock / SeriesBlock::kSeries>
      blocks_;
  LabelArena label_memory_;
  std::atomic<uint64_t> next_ref_ = 1;
  std::atomic<size_t> count_ = 0;

  mutable SharedMutex metrics_mutex_;
  std::map<std::string, Metric, std::less<>> metrics_ ABSL_GUARDED_BY(metrics_mutex_);
  std::vector<Metric*> unsorted_ ABSL_GUARDED_BY(metrics_mutex_);
  uint64_t versions_ ABSL_GUARDED_BY(metrics_mutex_) = 0;  // The last one given.
  SelectionMemo memo_;
  // Some label sorts before __name__, so that metric by metric is not label order.
  bool labels_before_name_ ABSL_GUARDED_BY(metrics_mutex_) = false;
};

}  // namespace firn::engine
