// Decides which stored windows to merge or to write anew. A pure function of what is stored.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/time.h"

namespace firn::engine {

struct PlanWindow {
  TimestampMs start = 0;
  TimestampMs end = 0;  // Exclusive.
  uint64_t order = 0;   // As WindowRecord::order; unique.
  uint64_t bytes = 0;
  // Samples are to be removed from it: it is written anew even if nothing joins it.
  bool rewrite = false;
};

struct PlanOptions {
  // Lengths of merged windows, ascending, each a multiple of the one before. A range of such
  // a length begins at a multiple of it.
  std::vector<DurationMs> widths;
  // Ranges that end here or earlier take no more samples but late ones.
  TimestampMs horizon = kMinTimestamp;
  // Also merge ranges that still take samples.
  bool unfinished = false;
  // Also merge where a few late windows lie beside a large one, which is written anew then.
  bool settle = false;
  size_t inputs_max = 64;
};

// Windows that become one; indices into what was planned, ascending by order. If only some of
// a range are chosen they are those of the lowest order, so that what stays behind still
// counts less than their merger.
struct MergeJob {
  std::vector<size_t> inputs;
};

// Jobs that do not share windows, by time. Running them and planning again comes to an end.
// A window is merged with others only if it lies within one range.
std::vector<MergeJob> PlanMerges(std::span<const PlanWindow> windows, const PlanOptions& options);

}  // namespace firn::engine
