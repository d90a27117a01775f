#include "base/thread_pool.h"

#include <pthread.h>

#include <algorithm>

#include "base/check.h"

namespace firn {

ThreadPool::ThreadPool(size_t threads, const std::string& name) : size_(threads) {
  FIRN_CHECK(threads >= 1);
  for (size_t i = 0; i < threads; ++i) {
    threads_.emplace_back([this] { Run(); });
    pthread_setname_np(threads_.back().native_handle(), name.substr(0, 15).c_str());
  }
}

ThreadPool::~ThreadPool() {
  {
    MutexLock lock(&mutex_);
    stop_ = true;
  }
  wake_.NotifyAll();
  for (std::thread& thread : threads_) thread.join();
  MutexLock lock(&mutex_);
  while (entered_ > 0) wake_.Wait(&mutex_);
}

void ThreadPool::Submit(std::function<void()> task) {
  {
    MutexLock lock(&mutex_);
    tasks_.push_back(std::move(task));
  }
  wake_.NotifyOne();
}

bool ThreadPool::TrySubmit(std::function<void()> task, size_t queue_max) {
  {
    MutexLock lock(&mutex_);
    if (tasks_.size() >= queue_max) return false;
    tasks_.push_back(std::move(task));
  }
  wake_.NotifyOne();
  return true;
}

bool ThreadPool::TryEnter(size_t busy_max) {
  MutexLock lock(&mutex_);
  if (!tasks_.empty() || busy_ >= std::min(busy_max, size_)) return false;
  ++busy_;
  ++entered_;
  return true;
}

void ThreadPool::Leave() {
  MutexLock lock(&mutex_);
  FIRN_CHECK(entered_ > 0);
  --busy_;
  --entered_;
  // Under the mutex: the destructor goes on as soon as it has that.
  if (stop_) {
    wake_.NotifyAll();
  } else if (!tasks_.empty()) {
    wake_.NotifyOne();
  }
}

void ThreadPool::Run() {
  mutex_.Lock();
  while (true) {
    while (!CanBegin() && !(stop_ && tasks_.empty())) wake_.Wait(&mutex_);
    if (tasks_.empty()) break;
    std::function<void()> task = std::move(tasks_.front());
    tasks_.pop_front();
    ++busy_;
    mutex_.Unlock();
    task();
    task = nullptr;
    mutex_.Lock();
    --busy_;
  }
  // Others may have waited for their turn until there was none left.
  wake_.NotifyAll();
  mutex_.Unlock();
}

}  // namespace firn
