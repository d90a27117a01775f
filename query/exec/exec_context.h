// What all operators of one running query share: its limits, its annotations, the snapshot
// it reads and the threads it may use.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <unordered_map>
#include <vector>

#include "base/memory/memory_budget.h"
#include "base/status.h"
#include "base/thread_pool.h"
#include "engine/api/querier.h"
#include "query/exec/annotations.h"
#include "query/functions/row.h"

namespace firn::query {

struct PlanNode;
class SharedResult;

// What operators hold.
struct Holding {
  uint64_t samples = 0;  // Histograms by weight.
  uint64_t bytes = 0;

  Holding& operator+=(const Holding& more) {
    samples += more.samples;
    bytes += more.bytes;
    return *this;
  }
};

// Scratch memory of one thread: rows and sample columns that nested operators borrow and
// give back, so that a series costs no allocation. One thread at a time.
class Worker {
 public:
  class RowLease {
   public:
    explicit RowLease(Worker* worker) : worker_(worker), row_(worker->TakeRow()) {}
    ~RowLease() { worker_->rows_.push_back(std::move(row_)); }
    RowLease(const RowLease&) = delete;
    RowLease& operator=(const RowLease&) = delete;
    Row* get() { return row_.get(); }
    Row* operator->() { return row_.get(); }
    Row& operator*() { return *row_; }

   private:
    Worker* worker_;
    std::unique_ptr<Row> row_;
  };

  class ColumnsLease {
   public:
    explicit ColumnsLease(Worker* worker) : worker_(worker), columns_(worker->TakeColumns()) {}
    ~ColumnsLease() { worker_->columns_.push_back(std::move(columns_)); }
    ColumnsLease(const ColumnsLease&) = delete;
    ColumnsLease& operator=(const ColumnsLease&) = delete;
    engine::SampleColumns* get() { return columns_.get(); }
    engine::SampleColumns* operator->() { return columns_.get(); }
    engine::SampleColumns& operator*() { return *columns_; }

   private:
    Worker* worker_;
    std::unique_ptr<engine::SampleColumns> columns_;
  };

  explicit Worker(size_t index) : index_(index) {}
  // Below ExecContext::threads(); two workers that run at the same time differ in it.
  size_t index() const { return index_; }

  // Rows of the chunk at hand, between computing and adding them up.
  std::vector<Row>& tile() { return tile_; }

 private:
  std::unique_ptr<Row> TakeRow();
  std::unique_ptr<engine::SampleColumns> TakeColumns();

  const size_t index_;
  std::vector<std::unique_ptr<Row>> rows_;
  std::vector<std::unique_ptr<engine::SampleColumns>> columns_;
  std::vector<Row> tile_;
};

// What stays the same while the query runs.
struct ExecScope {
  const engine::Querier* querier = nullptr;
  const std::atomic<bool>* cancelled = nullptr;  // May be null.
  ThreadPool* pool = nullptr;                    // May be null.
  std::chrono::steady_clock::time_point deadline;
  uint64_t samples_max = 0;
  MemoryBudget* memory = nullptr;  // Of this query; may be null.
  uint64_t series_max = 0;         // 0: no limit.
  bool delayed_names = false;
  bool use_start_timestamps = false;
  bool type_and_unit_labels = false;
  bool count_per_step = false;
  StepGrid grid;  // Of the query.
  TimestampMs start = 0;
  TimestampMs end = 0;
  DurationMs step = 0;      // 0: instant query.
  DurationMs lookback = 0;  // How old an instant sample may be.
};

// Samples that selectors saw.
struct SampleCounts {
  uint64_t total = 0;
  std::vector<uint64_t> per_step;  // Empty if nobody asked.

  // What was added to `before`.
  SampleCounts Since(const SampleCounts& before) const;
};

// Thread-safe but for Parallel(), which one thread calls at a time.
class ExecContext {
 public:
  explicit ExecContext(const ExecScope& scope)
      : scope_(scope),
        main_(new Worker(0)),
        per_step_(scope.count_per_step ? scope.grid.count : 0) {}

  const ExecScope& scope() const { return scope_; }
  Annotations& notes() { return notes_; }
  // Scratch of the thread that opens the operators.
  Worker* main_worker() { return main_.get(); }

  // Cancelled or DeadlineExceeded once the query must end.
  Status CheckTime() const;
  // Counts what is held in memory until it is released; ResourceExhausted beyond a limit.
  // What is never released goes with the query.
  Status Charge(const Holding& held);
  void Release(const Holding& held);
  // The same of parts of the answer, which outlive the operators.
  Status ChargeAnswer(const Holding& held);
  uint64_t answer_bytes() const { return answer_bytes_.load(std::memory_order_relaxed); }
  // The series of a selector, which count for the limit on series, and the memory that lists them
  // is charged; ResourceExhausted beyond a limit.
  Result<std::unique_ptr<engine::SeriesSet>> Select(const TimeRange& range,
                                                    const Matchers& matchers,
                                                    engine::SelectHints hints);
  uint64_t peak_samples() const { return peak_.load(std::memory_order_relaxed); }

  // Counts samples that a selector of the query's own grid saw at a step; of another grid
  // (inside a subquery, or evaluated once) they count in the total alone.
  void CountAt(size_t step, uint64_t samples) {
    if (!per_step_.empty()) per_step_[step].fetch_add(samples, std::memory_order_relaxed);
    CountRead(samples);
  }
  void CountRead(uint64_t samples) { read_.fetch_add(samples, std::memory_order_relaxed); }
  bool counts_steps(const StepGrid& grid) const {
    return !per_step_.empty() && grid == scope_.grid;
  }
  SampleCounts counts() const {
    return {.total = read_.load(std::memory_order_relaxed),
            .per_step = {per_step_.begin(), per_step_.end()}};
  }
  void Count(const SampleCounts& more);

  // What a plan node with several parents evaluated to; null until its first parent opens it.
  // By the thread that opens operators.
  std::shared_ptr<SharedResult>& shared(const PlanNode* node) { return shared_[node]; }

  using Body = std::function<Status(Worker*, size_t chunk)>;
  // Runs `compute` for chunks 0..chunks-1 on all threads and `consume` for each chunk in
  // ascending order, one at a time, on any of them, whose worker has the tile that `compute`
  // left then and nothing else of it. The first error in order of chunks ends it. `consume` may
  // be empty. Checks the time before each chunk.
  Status Parallel(size_t chunks, const Body& compute, const Body& consume = {});
  // Number of threads Parallel may use.
  size_t threads() const { return 1 + (scope_.pool ? scope_.pool->size() : 0); }

 private:
  Status TooManySeries() const;

  ExecScope scope_;
  Annotations notes_;
  std::unique_ptr<Worker> main_;
  std::vector<std::unique_ptr<Worker>> others_;
  std::atomic<uint64_t> held_{0};
  std::atomic<uint64_t> peak_{0};
  std::atomic<uint64_t> answer_bytes_{0};
  std::atomic<uint64_t> read_{0};
  std::atomic<uint64_t> series_{0};
  std::vector<std::atomic<uint64_t>> per_step_;  // Empty if nobody asked.
  std::unordered_map<const PlanNode*, std::shared_ptr<SharedResult>> shared_;
};

// How many series one task takes.
inline constexpr size_t kChunkSeries = 64;
inline size_t ChunkCount(size_t series) { return (series + kChunkSeries - 1) / kChunkSeries; }

}  // namespace firn::query
