// The coded samples of one series inside a data page. Long float columns are cut into
// blocks, so that a short range decodes little. Layout: docs/format/page.md.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <absl/functional/function_ref.h>

#include "base/histogram.h"
#include "base/status.h"

namespace firn::storage {

inline constexpr size_t kFloatBlockSamples = 480;

// Samples first <= i < last of a column of `count`.
struct SampleSlice {
  size_t count = 0;
  size_t first = 0;
  size_t last = 0;
};

void AppendFloatColumn(std::span<const double> values, std::string* out);
// Appends the slice. Corruption if `bytes` is not a column of that many samples.
// REQUIRES: first <= last <= count, count > 0.
Status ReadFloatColumn(std::string_view bytes, const SampleSlice& slice, std::vector<double>* out);

// Samples first <= i <= last of a column: all of them, or the two at the ends.
struct ColumnPiece {
  size_t first = 0;
  size_t last = 0;
  bool ends_only = false;
};
// Appends of blocks that lie wholly within the slice and for which may_stand(first, last), places
// in the column, is true only the two ends, if their head says these and that no value falls
// between them; of others all.
using MayStand = absl::FunctionRef<bool(size_t first, size_t last)>;
Status ReadFloatEnds(std::string_view bytes, const SampleSlice& slice, MayStand may_stand,
                     std::vector<ColumnPiece>* pieces, std::vector<double>* out);

// The same for histograms, which are decoded whole.
void AppendHistogramColumn(std::span<const HistogramPtr> histograms, std::string* out);
Status ReadHistogramColumn(std::string_view bytes, const SampleSlice& slice,
                           std::vector<HistogramPtr>* out);

}  // namespace firn::storage
