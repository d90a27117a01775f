// What a tier keeps of the native histograms of one series: a few of the samples themselves,
// so that whatever functions compute from first, last and resets is the same as over all.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/histogram.h"
#include "base/time.h"

namespace firn::engine {

struct ThinnedHistograms {
  std::vector<TimestampMs> t;
  std::vector<HistogramPtr> h;
  // How many samples each stands for: itself and those left out since the one before it in
  // the same bucket. 0 for a stale marker.
  std::vector<uint32_t> count;

  bool empty() const { return t.empty(); }
  friend bool operator==(const ThinnedHistograms&, const ThinnedHistograms&) = default;
};

// Of each bucket the first and the last sample, a stale marker behind that, and both samples
// around anything that is not plain growth in one layout. `count` is empty (1 each) or what
// an earlier call with a resolution that divides this one yielded.
// REQUIRES: t ascends; sizes are equal; no null pointers.
ThinnedHistograms ThinHistograms(std::span<const TimestampMs> t, std::span<const HistogramPtr> h,
                                 std::span<const uint32_t> count, DurationMs resolution);

}  // namespace firn::engine
