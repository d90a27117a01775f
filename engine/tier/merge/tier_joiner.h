// Makes one window of a tier of several that follow each other: of a year of days a dozen windows.
#pragma once

#include <atomic>
#include <memory>
#include <span>

#include "engine/tier/merge/sample_filter.h"
#include "engine/tier/tier_builder.h"
#include "storage/page/window_reader.h"

namespace firn::engine {

struct JoinInput {
  std::shared_ptr<const storage::WindowReader> reader;
  std::shared_ptr<const SampleFilter> filter;  // Null: nothing is hidden.
  TimeRanges times;                            // Buckets outside are not taken.
};

// `target` says id and resolution, which is that of all inputs; its sources are up to the caller.
// What was written is read again and compared before it is returned; nothing is visible until it is
// published. Buckets stay as they are: two parts of one bucket stay two. Cancelled soon after
// `stop` turns true, Corruption if an input or the output does not verify, else errors of the
// store. REQUIRES: times of inputs do not overlap.
Result<BuiltTier> JoinTierWindows(std::span<const JoinInput> inputs, const TierRecord& target,
                                  const CounterLookup& is_counter, const std::atomic<bool>& stop,
                                  storage::Store* store);

}  // namespace firn::engine
