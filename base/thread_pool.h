// A fixed number of threads that run tasks in the order of submission.
#pragma once

#include <deque>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "base/mutex.h"

namespace firn {

// Thread-safe. The destructor runs what was submitted and joins.
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
  size_t size() const { return threads_.size(); }

 private:
  void Run();

  Mutex mutex_;
  CondVar wake_;
  std::deque<std::function<void()>> tasks_ ABSL_GUARDED_BY(mutex_);
  bool stop_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;
};

}  // namespace firn
