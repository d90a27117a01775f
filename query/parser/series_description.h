// The series lines of test scripts: `metric{a="b"} 1+1x5 _ stale {{schema:0 sum:3}}x3`.
#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "base/histogram.h"
#include "base/labels.h"
#include "base/status.h"

namespace firn::query {

struct SequenceValue {
  bool omitted = false;  // `_`: no sample at this step.
  double value = 0;
  HistogramPtr histogram = nullptr;  // Set: the sample is a histogram and `value` means nothing.
  bool hint_was_set = false;         // The literal spelled out its counter reset hint.
};

struct SeriesDescription {
  Labels labels;
  std::vector<SequenceValue> values;
};

// Values one description may expand to, so that `1x999999999` is an error.
inline constexpr size_t kSequenceValuesMax = 1'000'000;

// The next histogram of a stepped sequence: `current` plus or minus `step`, whose schema
// is never smaller than that of `current`.
using HistogramStep = std::function<Result<FloatHistogram>(
    const FloatHistogram& current, const FloatHistogram& step, bool subtract)>;

// InvalidArgument in the parser's form, "1:5: parse error: ...". `step` adds histograms; the
// default knows what scripts write: one span a side, equal zero threshold and custom bounds.
Result<SeriesDescription> ParseSeriesDescription(std::string_view line,
                                                 const HistogramStep& step = {});

// `name{label="value", ...}` alone. InvalidArgument as above.
Result<Labels> ParseMetric(std::string_view text);

}  // namespace firn::query
