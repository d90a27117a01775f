#include "query/exec/exec_context.h"

#include <algorithm>
#include <optional>

namespace firn::query {
namespace {

// About what a matched series costs while its set is open: its entry, its labels, and where in
// each of a few windows its samples are.
constexpr uint64_t kSeriesBytes = 384;

// The chunks of one Parallel call. Tasks in the pool keep it alive; those that start after
// the end find it closed and touch nothing of the query.
class ParallelRun {
 public:
  ParallelRun(size_t chunks, const ExecContext* context, const ExecContext::Body* compute,
              const ExecContext::Body* consume)
      : chunks_(chunks), context_(context), compute_(compute), consume_(consume) {}

  void Work(Worker* worker) {
    {
      MutexLock lock(&mutex_);
      if (closed_) return;
      ++active_;
    }
    while (const std::optional<size_t> chunk = Take()) {
      Status status = context_->CheckTime();
      if (status.ok()) status = (*compute_)(worker, *chunk);
      Turn(worker, *chunk, std::move(status));
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
  std::optional<size_t> Take() {
    MutexLock lock(&mutex_);
    if (!status_.ok() || next_ == chunks_) return std::nullopt;
    return next_++;
  }

  void Turn(Worker* worker, size_t chunk, Status status) {
    {
      MutexLock lock(&mutex_);
      while (turn_ != chunk) wake_.Wait(&mutex_);
      // An earlier chunk failed: what this one holds no longer matters.
      if (!status_.ok()) status = status_;
    }
    if (status.ok() && *consume_) status = (*consume_)(worker, chunk);
    MutexLock lock(&mutex_);
    if (status_.ok()) status_ = std::move(status);
    ++turn_;
    wake_.NotifyAll();
  }

  Mutex mutex_;
  CondVar wake_;
  const size_t chunks_;
  const ExecContext* context_;
  const ExecContext::Body* compute_;
  const ExecContext::Body* consume_;
  size_t next_ ABSL_GUARDED_BY(mutex_) = 0;
  size_t turn_ ABSL_GUARDED_BY(mutex_) = 0;
  size_t active_ ABSL_GUARDED_BY(mutex_) = 0;
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
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
  const auto run = std::make_shared<ParallelRun>(chunks, this, &compute, &consume);
  for (size_t i = 0; i < helpers; ++i) {
    Worker* worker = others_[i].get();
    scope_.pool->Submit([run, worker] { run->Work(worker); });
  }
  run->Work(main_.get());
  return run->Close();
}

}  // namespace firn::query
