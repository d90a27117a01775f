// Work on sample columns that every reader of several sources needs.
#pragma once

#include "engine/api/querier.h"

namespace firn::engine {

// Merges `in` into `out` in time order; where both have a sample, `out`'s stays.
void MergeColumns(const SampleColumns& in, SampleColumns* out);

// Removes samples outside `range`.
void TrimColumns(const TimeRange& range, SampleColumns* columns);

// Columns of which the samples behind the first `floats` and `histograms` came later; either part
// is in time order.
struct AppendedColumns {
  size_t floats = 0;
  size_t histograms = 0;
  SampleColumns* columns = nullptr;

  // What is there is the first part.
  explicit AppendedColumns(SampleColumns* all)
      : floats(all->t.size()), histograms(all->ht.size()), columns(all) {}

  // Removes later samples outside `range`.
  void Trim(const TimeRange& range) const;
  // Gives them their places among the first, as MergeColumns does but, as a rule, without moving
  // any. `scratch` is working memory.
  void Merge(SampleColumns* scratch) const;
};

}  // namespace firn::engine
