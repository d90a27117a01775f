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

// What an entry of a list of samples stands for if not every sample is in the list. Of a run of
// samples that belong together the first and the last one are in it, the last one `joined`.
struct SampleRun {
  uint32_t count = 1;    // Samples, the entry itself included, since the entry before it
  uint32_t resets = 0;   // ... if joined, how often the value fell since then,
  uint32_t changes = 0;  // ... and how often it changed,
  bool joined = false;
  double correction = 0;  // ... and the sum of the values just before it fell.
  double sum = 0;         // Of those samples; with joined, of the entry before as well, whose is 0.
};

}  // namespace firn
