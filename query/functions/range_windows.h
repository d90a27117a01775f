// Walking the windows of a range call over one series' times.
#pragma once

#include <span>

#include "query/functions/range_function.h"
#include "query/functions/window_plan.h"

namespace firn::query {

// Calls visit(step, first, last) for every step whose window holds float samples
// [first, last), last > first. Both ends only move forward.
template <typename Visit>
void ForEachWindow(const RangeCall& call, const RangeSamples& samples, const Visit& visit) {
  if (samples.plan != nullptr) {
    const std::vector<uint32_t>& firsts = samples.plan->first();
    const std::vector<uint32_t>& lasts = samples.plan->last();
    for (size_t step = 0; step < firsts.size(); ++step) {
      if (firsts[step] < lasts[step]) visit(step, size_t{firsts[step]}, size_t{lasts[step]});
    }
    return;
  }
  const std::span<const TimestampMs> t = samples.t;
  size_t first = 0;
  size_t last = 0;
  for (size_t step = 0; step < call.grid.count; ++step) {
    const TimestampMs end = call.grid.At(step) - call.offset;
    const TimestampMs start = end - call.range;
    while (last < t.size() && t[last] <= end) ++last;
    while (first < last && t[first] <= start) ++first;
    if (first < last) visit(step, first, last);
  }
}

// Fast kernels: windows of floats only, no extension, no start timestamps.
Status RateKernel(const RangeCall&, const RangeSamples&, std::string_view, NoteSink*, Row*);
Status IncreaseKernel(const RangeCall&, const RangeSamples&, std::string_view, NoteSink*, Row*);
Status DeltaKernel(const RangeCall&, const RangeSamples&, std::string_view, NoteSink*, Row*);
Status IrateKernel(const RangeCall&, const RangeSamples&, std::string_view, NoteSink*, Row*);
Status IdeltaKernel(const RangeCall&, const RangeSamples&, std::string_view, NoteSink*, Row*);
Status ChangesKernel(const RangeCall&, const RangeSamples&, std::string_view, NoteSink*, Row*);
Status ResetsKernel(const RangeCall&, const RangeSamples&, std::string_view, NoteSink*, Row*);
Status DerivKernel(const RangeCall&, const RangeSamples&, std::string_view, NoteSink*, Row*);
Status PredictLinearKernel(const RangeCall&, const RangeSamples&, std::string_view, NoteSink*,
                           Row*);
Status ForecastKernel(const RangeCall&, const RangeSamples&, std::string_view, NoteSink*, Row*);
Status ForecastLowerKernel(const RangeCall&, const RangeSamples&, std::string_view, NoteSink*,
                           Row*);
Status ForecastUpperKernel(const RangeCall&, const RangeSamples&, std::string_view, NoteSink*,
                           Row*);
Status TimeToFallKernel(const RangeCall&, const RangeSamples&, std::string_view, NoteSink*, Row*);
Status TimeToRiseKernel(const RangeCall&, const RangeSamples&, std::string_view, NoteSink*, Row*);
Status SmoothingKernel(const RangeCall&, const RangeSamples&, std::string_view, NoteSink*, Row*);
Status SumKernel(const RangeCall&, const RangeSamples&, std::string_view, NoteSink*, Row*);
Status AvgKernel(const RangeCall&, const RangeSamples&, std::string_view, NoteSink*, Row*);
Status MinKernel(const RangeCall&, const RangeSamples&, std::string_view, NoteSink*, Row*);
Status MaxKernel(const RangeCall&, const RangeSamples&, std::string_view, NoteSink*, Row*);
Status CountKernel(const RangeCall&, const RangeSamples&, std::string_view, NoteSink*, Row*);
Status PresentKernel(const RangeCall&, const RangeSamples&, std::string_view, NoteSink*, Row*);
Status FirstKernel(const RangeCall&, const RangeSamples&, std::string_view, NoteSink*, Row*);
Status LastKernel(const RangeCall&, const RangeSamples&, std::string_view, NoteSink*, Row*);
Status StdvarKernel(const RangeCall&, const RangeSamples&, std::string_view, NoteSink*, Row*);
Status StddevKernel(const RangeCall&, const RangeSamples&, std::string_view, NoteSink*, Row*);
Status QuantileKernel(const RangeCall&, const RangeSamples&, std::string_view, NoteSink*, Row*);
Status MadKernel(const RangeCall&, const RangeSamples&, std::string_view, NoteSink*, Row*);
Status TsOfFirstKernel(const RangeCall&, const RangeSamples&, std::string_view, NoteSink*, Row*);
Status TsOfLastKernel(const RangeCall&, const RangeSamples&, std::string_view, NoteSink*, Row*);
Status TsOfMinKernel(const RangeCall&, const RangeSamples&, std::string_view, NoteSink*, Row*);
Status TsOfMaxKernel(const RangeCall&, const RangeSamples&, std::string_view, NoteSink*, Row*);

}  // namespace firn::query
