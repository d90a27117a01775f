// Where "now" comes from, so that tests decide it.
#pragma once

#include <atomic>

#include "base/time.h"

namespace firn {

// Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual TimestampMs NowMs() const = 0;
  // The machine's clock; lives as long as the process.
  static const Clock* System();
};

class FakeClock : public Clock {
 public:
  explicit FakeClock(TimestampMs now) : now_(now) {}
  TimestampMs NowMs() const override { return now_.load(std::memory_order_relaxed); }
  void Set(TimestampMs now) { now_.store(now, std::memory_order_relaxed); }
  void Advance(DurationMs by) { now_.fetch_add(by, std::memory_order_relaxed); }

 private:
  std::atomic<TimestampMs> now_;
};

}  // namespace firn
