// A fixed number of threads that run tasks in the order of submission.
#pragma once

#include <deque>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "base/mutex.h"

namespace firn {

// Thread-safe. The destructor runs what was submitted, waits until all who entered have left, and
// joins.
class ThreadPool {
 public:
  // REQUIRES: threads >= 1. `name` shows in process listings (15 characters at most).
  ThreadPool(size_t threads, const std::string& name);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  void Submit(std::function<void()> task);
  // False, and the task is not taken, if `queue_max` tasks wait already.
  bool TrySubmit(std::function<void()> task, size_t queue_max);
  // Lets the calling thread do a task itself, in the place of one of the threads, which waits until
  // Leave(). False if a task waits, or not fewer than `busy_max` or size() tasks are being done.
  bool TryEnter(size_t busy_max);
  // REQUIRES: TryEnter() was true, once for each call.
  void Leave();
  size_t size() const { return size_; }

 private:
  void Run();
  bool CanBegin() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return !tasks_.empty() && busy_ < size_;
  }

  const size_t size_;
  Mutex mutex_;
  CondVar wake_;
  std::deque<std::function<void()>> tasks_ ABSL_GUARDED_BY(mutex_);
  size_t busy_ ABSL_GUARDED_BY(mutex_) = 0;     // Tasks being done, ...
  size_t entered_ ABSL_GUARDED_BY(mutex_) = 0;  // ... and those of them of who entered.
  bool stop_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;
};

}  // namespace firn
