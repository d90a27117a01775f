// Work on sample columns that every reader of several sources needs.
#pragma once

#include "engine/api/querier.h"

namespace firn::engine {

// Merges `in` into `out` in time order; where both have a sample, `out`'s stays.
void MergeColumns(const SampleColumns& in, SampleColumns* out);

// Removes samples outside `range`.
void TrimColumns(const TimeRange& range, SampleColumns* columns);

}  // namespace firn::engine
