#include "engine/db/background.h"

#include <pthread.h>

#include <chrono>

namespace firn::engine {

BackgroundLoop::BackgroundLoop(DurationMs interval_ms, const char* name, std::function<bool()> work)
    : interval_ms_(interval_ms), work_(std::move(work)), thread_([this] { Run(); }) {
  pthread_setname_np(thread_.native_handle(), name);
}

BackgroundLoop::~BackgroundLoop() {
  {
    MutexLock lock(&mutex_);
    stop_ = true;
  }
  wake_.NotifyAll();
  thread_.join();
}

void BackgroundLoop::Run() {
  bool again = false;
  while (true) {
    {
      MutexLock lock(&mutex_);
      if (!stop_ && !again) wake_.WaitFor(&mutex_, std::chrono::milliseconds(interval_ms_));
      if (stop_) return;
    }
    again = work_();
  }
}

}  // namespace firn::engine
