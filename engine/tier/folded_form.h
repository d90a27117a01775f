// What stands for the samples of a tier, straight from coded buckets.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "base/status.h"
#include "engine/api/querier.h"
#include "engine/tier/codec/bucket_columns.h"
#include "engine/tier/tier_samples.h"
#include "engine/tier/window_grid.h"

namespace firn::engine {

struct Folding {
  TierUse use;
  std::optional<WindowGrid> grid;  // The query's windows, if they are known.
  TimeRange range;                 // As AppendForm.
  TimeRange kept;                  // Buckets that begin elsewhere are left out.
};

// Appends what AppendForm would of the same buckets; if windows are known, folds buckets into one
// of which each window has all or none. Over windows of whole buckets functions yield the same,
// but that several resets in one window may be added up in another order. False, and nothing
// appended, if the buckets themselves are needed. `scratch` is working memory.
Result<bool> AppendFolded(std::span<const TimestampMs> times, std::string_view bytes,
                          const Folding& folding, BucketColumns* scratch, SampleColumns* out);

}  // namespace firn::engine
