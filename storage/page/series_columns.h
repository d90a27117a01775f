// The coded samples of one series inside a data page. Long float columns are cut into
// blocks, so that a short range decodes little. Layout: docs/format/page.md.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

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

// The same for histograms, which are decoded whole.
void AppendHistogramColumn(std::span<const HistogramPtr> histograms, std::string* out);
Status ReadHistogramColumn(std::string_view bytes, const SampleSlice& slice,
                           std::vector<HistogramPtr>* out);

}  // namespace firn::storage
