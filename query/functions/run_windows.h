// Kernels for samples of which only first and last of each run are listed, and what they
// share with the mixed kernels. A window never holds one end of a run alone.
#pragma once

#include "query/functions/range_function.h"

namespace firn::query {

Status RunRateKernel(const RangeCall&, const RangeSamples&, std::string_view, NoteSink*, Row*);
Status RunIncreaseKernel(const RangeCall&, const RangeSamples&, std::string_view, NoteSink*, Row*);
Status RunDeltaKernel(const RangeCall&, const RangeSamples&, std::string_view, NoteSink*, Row*);
Status RunCountKernel(const RangeCall&, const RangeSamples&, std::string_view, NoteSink*, Row*);
Status RunAvgKernel(const RangeCall&, const RangeSamples&, std::string_view, NoteSink*, Row*);
Status RunChangesKernel(const RangeCall&, const RangeSamples&, std::string_view, NoteSink*, Row*);
Status RunResetsKernel(const RangeCall&, const RangeSamples&, std::string_view, NoteSink*, Row*);

inline bool IsJoined(const RangeSamples& x, size_t i) {
  return !x.runs.empty() && x.runs[i].joined;
}

// Of the entries [first, last).
inline size_t CountFloats(const RangeSamples& x, size_t first, size_t last) {
  if (x.runs.empty()) return last - first;
  size_t count = 0;
  for (size_t i = first; i < last; ++i) count += x.runs[i].count;
  return count;
}
inline size_t CountHistograms(const RangeSamples& x, size_t first, size_t last) {
  if (x.hcount.empty()) return last - first;
  size_t count = 0;
  for (size_t i = first; i < last; ++i) count += x.hcount[i];
  return count;
}

// REQUIRES: runs; first < last.
double MeanOfRuns(const RangeSamples& x, size_t first, size_t last);

}  // namespace firn::query
