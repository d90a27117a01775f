// How much a test of random faults does: little where every change is tested, much more and with
// other seeds under tools/soak.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>

namespace firn {

// $FIRN_CRASH_SCALE times `runs`.
inline int ScaledRuns(int runs) {
  const char* const scale = std::getenv("FIRN_CRASH_SCALE");
  return scale == nullptr ? runs : runs * std::max(1, std::atoi(scale));
}

// $FIRN_TEST_SEED runs on from where other seeds end; without it the same every time.
inline uint64_t SoakSeed(uint64_t seed) {
  const char* const shift = std::getenv("FIRN_TEST_SEED");
  return shift == nullptr ? seed : seed + 1'000'003 * std::strtoull(shift, nullptr, 10);
}

}  // namespace firn
