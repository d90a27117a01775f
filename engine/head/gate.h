// Lets many batches through at once and stops them all for a moment when asked to. Unlike
// std::shared_mutex a waiting Close goes before batches that come later, and a pass may be
// returned by another thread than the one that took it.
#pragma once

#include <cstddef>

#include "base/mutex.h"

namespace firn::engine {

// Thread-safe.
class Gate {
 public:
  void Enter() {
    MutexLock lock(&mutex_);
    while (closed_) changed_.Wait(&mutex_);
    ++inside_;
  }
  void Leave() {
    MutexLock lock(&mutex_);
    if (--inside_ == 0) changed_.NotifyAll();
  }
  // Returns when nobody is inside; nobody enters until Open.
  void Close() {
    MutexLock lock(&mutex_);
    while (closed_) changed_.Wait(&mutex_);
    closed_ = true;
    while (inside_ > 0) changed_.Wait(&mutex_);
  }
  void Open() {
    MutexLock lock(&mutex_);
    closed_ = false;
    changed_.NotifyAll();
  }

 private:
  Mutex mutex_;
  CondVar changed_;
  size_t inside_ ABSL_GUARDED_BY(mutex_) = 0;
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
};

class GateClosed {
 public:
  explicit GateClosed(Gate* gate) : gate_(gate) { gate_->Close(); }
  ~GateClosed() { gate_->Open(); }
  GateClosed(const GateClosed&) = delete;
  GateClosed& operator=(const GateClosed&) = delete;

 private:
  Gate* gate_;
};

}  // namespace firn::engine
