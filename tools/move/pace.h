// Keeps long work from taking more than its share.
#pragma once

#include <chrono>
#include <cstdint>
#include <thread>

namespace firn::tools {

class Pace {
 public:
  // 0: no limit.
  explicit Pace(double per_second) : per_second_(per_second) {}

  // Waits until so much may have been done since the pace was made.
  void Keep(uint64_t done) const {
    if (per_second_ <= 0) return;
    const std::chrono::duration<double> due(static_cast<double>(done) / per_second_);
    std::this_thread::sleep_until(begin_ + std::chrono::duration_cast<Steady::duration>(due));
  }

 private:
  using Steady = std::chrono::steady_clock;
  const double per_second_;
  const Steady::time_point begin_ = Steady::now();
};

}  // namespace firn::tools
