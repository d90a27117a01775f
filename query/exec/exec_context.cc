#include "query/exec/exec_context.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

namespace firn::query {
namespace {

// About what a matched series costs while its set is open: its entry, its labels, and where in
// each of a few windows its samples are.
constexpr uint64_t kSeriesBytes = 384;

// The chunks of one Parallel call. Tasks in the pool keep it alive; those that start after
// the end find it closed and touch nothing of the query.
class ParallelRun {
 public:
  ParallelRun(size_t chunks, size_t threads, const ExecContext* context,
              const ExecContext::Body* compute, const ExecContext::Body* consume)
      : chunks_(chunks),
        ahead_max_(threads),
        context_(context),
        compute_(compute),
        consume_(consume) {}

  void Work(Worker* worker) {
    {
      MutexLock lock(&mutex_);
      if (closed_) return;
      ++active_;
    }
    while (const std::optional<size_t> chunk = Take()) {
      Status status = context_->CheckTime();
      if (status.ok()) status = (*compute_)(worker, *chunk);
      if (*consume_) {
        Turn(worker, *chunk, std::move(status));
      } else if (!status.ok()) {
        NoteFailure(*chunk, std::move(status));
      }
    }
    MutexLock lock(&mutex_);
    --active_;
    wake_.NotifyAll();
  }

  // Waits for the threads at work and lets no other begin.
  Status Close() {
    MutexLock lock(&mutex_);
    closed_ = true;
    while (active_ > 0) wake_.Wait(&mutex_);
    return status_;
  }

 private:
  // What a chunk came to, until those before it are consumed.
  struct Computed {
    Status status;
    std::vector<Row> tile;
  };

  std::optional<size_t> Take() {
    MutexLock lock(&mutex_);
    if (!status_.ok() || next_ == chunks_) return std::nullopt;
    return next_++;
  }

  // Chunks are taken in order, so of those that fail the first is among those taken, whatever the
  // threads do.
  void NoteFailure(size_t chunk, Status status) {
    MutexLock lock(&mutex_);
    if (!status_.ok() && failed_ < chunk) return;
    failed_ = chunk;
    status_ = std::move(status);
  }

  // Consumes the chunk if it is the next and whatever follows it and is there, else leaves that to
  // the thread that has the next: waiting for it would cost more than the work.
  void Turn(Worker* worker, size_t chunk, Status status) {
    mutex_.Lock();
    while (chunk > turn_ + ahead_max_) wake_.Wait(&mutex_);
    if (chunk != turn_) {
      computed_.emplace(chunk, Computed{std::move(status), std::move(worker->tile())});
      worker->tile() = TakeSpare();
      mutex_.Unlock();
      return;
    }
    while (true) {
      // An earlier chunk failed: what this one holds no longer matters.
      if (status_.ok() && status.ok()) {
        mutex_.Unlock();
        status = (*consume_)(worker, chunk);
        mutex_.Lock();
      }
      if (status_.ok()) status_ = std::move(status);
      chunk = ++turn_;
      wake_.NotifyAll();
      const auto next = computed_.find(turn_);
      if (next == computed_.end()) break;
      status = std::move(next->second.status);
      std::swap(worker->tile(), next->second.tile);
      spare_.push_back(std::move(next->second.tile));
      computed_.erase(next);
    }
    mutex_.Unlock();
  }

  std::vector<Row> TakeSpare() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (spare_.empty()) return {};
    std::vector<Row> tile = std::move(spare_.back());
    spare_.pop_back();
    return tile;
  }

  Mutex mutex_;
  CondVar wake_;
  const size_t chunks_;
  const size_t ahead_max_;  // Chunks beyond the next that may wait, which take memory.
  const ExecContext* context_;
  const ExecContext::Body* compute_;
  const ExecContext::Body* consume_;
  size_t next_ ABSL_GUARDED_BY(mutex_) = 0;
  size_t turn_ ABSL_GUARDED_BY(mutex_) = 0;  // The next to be consumed, or at it.
  std::map<size_t, Computed> computed_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::vector<Row>> spare_ ABSL_GUARDED_BY(mutex_);
  size_t active_ ABSL_GUARDED_BY(mutex_) = 0;
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
  size_t failed_ ABSL_GUARDED_BY(mutex_) = 0;
  Status status_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace

std::unique_ptr<Row> Worker::TakeRow() {
  if (rows_.empty()) return std::make_unique<Row>();
  std::unique_ptr<Row> row = std::move(rows_.back());
  rows_.pop_back();
  return row;
}

std::unique_ptr<engine::SampleColumns> Worker::TakeColumns() {
  if (columns_.empty()) return std::make_unique<engine::SampleColumns>();
  std::unique_ptr<engine::SampleColumns> columns = std::move(columns_.back());
  columns_.pop_back();
  return columns;
}

SampleCounts SampleCounts::Since(const SampleCounts& before) const {
  SampleCounts out = *this;
  out.total -= before.total;
  for (size_t i = 0; i < out.per_step.size(); ++i) out.per_step[i] -= before.per_step[i];
  return out;
}

void ExecContext::Count(const SampleCounts& more) {
  CountRead(more.total);
  for (size_t i = 0; i < more.per_step.size(); ++i) {
    per_step_[i].fetch_add(more.per_step[i], std::memory_order_relaxed);
  }
}

Status ExecContext::CheckTime() const {
  if (scope_.cancelled && scope_.cancelled->load(std::memory_order_relaxed)) {
    return Cancelled("query was canceled in expression evaluation");
  }
  if (std::chrono::steady_clock::now() >= scope_.deadline) {
    return DeadlineExceeded("query timed out in expression evaluation");
  }
  return OkStatus();
}

Status ExecContext::Charge(const Holding& more) {
  if (scope_.memory) {
    const Status status = scope_.memory->Charge(more.bytes);
    // What other queries hold they give back soon, so the same query may pass the next time.
    if (!status.ok() && scope_.memory->refused() == 0) return Unavailable("{}", status.message());
    FIRN_RETURN_IF_ERROR(status);
  }
  const uint64_t held = held_.fetch_add(more.samples, std::memory_order_relaxed) + more.samples;
  uint64_t peak = peak_.load(std::memory_order_relaxed);
  while (held > peak && !peak_.compare_exchange_weak(peak, held, std::memory_order_relaxed)) {
  }
  if (held > scope_.samples_max) {
    return ResourceExhausted(
        "query processing would load too many samples into memory in query execution");
  }
  return OkStatus();
}

void ExecContext::Release(const Holding& less) {
  if (scope_.memory) scope_.memory->Release(less.bytes);
  held_.fetch_sub(less.samples, std::memory_order_relaxed);
}

Status ExecContext::ChargeAnswer(const Holding& held) {
  FIRN_RETURN_IF_ERROR(Charge(held));
  answer_bytes_.fetch_add(held.bytes, std::memory_order_relaxed);
  return OkStatus();
}

Status ExecContext::TooManySeries() const {
  return ResourceExhausted("query matches more than {} series; use narrower label matchers",
                           scope_.series_max);
}

Result<std::unique_ptr<engine::SeriesSet>> ExecContext::Select(const TimeRange& range,
                                                               const Matchers& matchers,
                                                               engine::SelectHints hints) {
  if (scope_.series_max > 0) {
    const uint64_t matched = series_.load(std::memory_order_relaxed);
    hints.series_max = scope_.series_max - std::min(matched, scope_.series_max);
  }
  auto set = scope_.querier->Select(range, matchers, hints);
  if (!set.ok()) {
    const bool limited = hints.series_max && set.status().code() == StatusCode::kResourceExhausted;
    return limited ? TooManySeries() : set.status().WithContext("expanding series");
  }
  const uint64_t series = (*set)->size();
  const uint64_t matched = series_.fetch_add(series, std::memory_order_relaxed) + series;
  if (scope_.series_max > 0 && matched > scope_.series_max) return TooManySeries();
  FIRN_RETURN_IF_ERROR(Charge({.bytes = series * kSeriesBytes}));
  return set;
}

Status ExecContext::Parallel(size_t chunks, const Body& compute, const Body& consume) {
  const size_t helpers =
      scope_.pool ? std::min(scope_.pool->size(), chunks > 0 ? chunks - 1 : 0) : 0;
  while (others_.size() < helpers) {
    others_.push_back(std::make_unique<Worker>(others_.size() + 1));
  }
  const auto run = std::make_shared<ParallelRun>(chunks, helpers + 1, this, &compute, &consume);
  for (size_t i = 0; i < helpers; ++i) {
    Worker* worker = others_[i].get();
    scope_.pool->Submit([run, worker] { run->Work(worker); });
  }
  run->Work(main_.get());
  return run->Close();
}

}  // namespace firn::query
