// A thread that calls a function again and again, and stops promptly when asked to.
#pragma once

#include <functional>
#include <thread>

#include "base/mutex.h"
#include "base/time.h"

namespace firn::engine {

class BackgroundLoop {
 public:
  // Calls `work` every `interval_ms`, counted from the end of the last call, or at once if that
  // returned true. `name` shows in process listings (15 characters at most).
  BackgroundLoop(DurationMs interval_ms, const char* name, std::function<bool()> work);
  // Waits for a running call.
  ~BackgroundLoop();
  BackgroundLoop(const BackgroundLoop&) = delete;
  BackgroundLoop& operator=(const BackgroundLoop&) = delete;

 private:
  void Run();

  const DurationMs interval_ms_;
  const std::function<bool()> work_;
  Mutex mutex_;
  CondVar wake_;
  bool stop_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace firn::engine
