// Which stored windows answer a selector: raw samples, or buckets of which resolution.
#pragma once

#include <optional>
#include <vector>

#include "engine/api/querier.h"
#include "engine/db/tier_state.h"
#include "engine/db/version.h"
#include "engine/tier/tier_samples.h"

namespace firn::engine {

// A window of a tier.
struct TierPart {
  size_t tier = 0;     // Index into the version's.
  bool exact = false;  // It stands for the samples of its raw windows, in AppendForm's way.
  TimeRanges times;    // Its buckets outside count no longer.
  // Otherwise its buckets are spread out over these times, of which there is nothing better.
  TimeRanges spread;
};

struct ReadChoice {
  std::vector<size_t> raw;  // Windows of raw samples to read.
  // Those for which exact tiers stand, unless a series turns out to need them.
  std::vector<size_t> replaced;
  std::vector<TierPart> tiers;  // Ordered by time.
  TierUse use;
};

// `unsealed` are times of which the head may hold samples.
ReadChoice ChooseWindows(const Version& version, const TimeRanges& unsealed, const TimeRange& range,
                         const SelectHints& hints);

}  // namespace firn::engine
