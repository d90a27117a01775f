#include "base/clock.h"

#include <chrono>

namespace firn {
namespace {

class SystemClock : public Clock {
 public:
  TimestampMs NowMs() const override {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
  }
};

}  // namespace

const Clock* Clock::System() {
  static const SystemClock clock;
  return &clock;
}

}  // namespace firn
