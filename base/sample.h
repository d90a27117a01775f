// One float sample, and the two NaNs that Prometheus tells apart by their bits.
#pragma once

#include <bit>
#include <cstdint>

#include "base/time.h"

namespace firn {

// Written by a sender when a series ends; a range selector skips it.
inline constexpr uint64_t kStaleNanBits = 0x7ff0000000000002;
inline constexpr uint64_t kNormalNanBits = 0x7ff8000000000001;

constexpr double StaleNan() { return std::bit_cast<double>(kStaleNanBits); }
constexpr double NormalNan() { return std::bit_cast<double>(kNormalNanBits); }
constexpr bool IsStaleNan(double v) { return std::bit_cast<uint64_t>(v) == kStaleNanBits; }

struct Sample {
  TimestampMs t = 0;
  double v = 0;
};

}  // namespace firn
