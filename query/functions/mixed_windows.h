// Windows that may hold histograms beside floats, and what is said about them.
#pragma once

#include <string>
#include <string_view>

#include "base/labels.h"
#include "query/functions/range_function.h"

namespace firn::query {

// Samples of one window: floats [f0, f1) and histograms [h0, h1), positions in the series.
struct MixedWindow {
  size_t f0 = 0;
  size_t f1 = 0;
  size_t h0 = 0;
  size_t h1 = 0;

  size_t floats() const { return f1 - f0; }
  size_t histograms() const { return h1 - h0; }
};

// Calls visit(step, window) for every step whose window is not empty.
template <typename Visit>
void ForEachMixedWindow(const RangeCall& call, const RangeSamples& x, const Visit& visit) {
  MixedWindow w;
  for (size_t step = 0; step < call.grid.count; ++step) {
    const TimestampMs end = call.grid.At(step) - call.offset;
    const TimestampMs start = end - call.range;
    while (w.f1 < x.t.size() && x.t[w.f1] <= end) ++w.f1;
    while (w.f0 < w.f1 && x.t[w.f0] <= start) ++w.f0;
    while (w.h1 < x.ht.size() && x.ht[w.h1] <= end) ++w.h1;
    while (w.h0 < w.h1 && x.ht[w.h0] <= start) ++w.h0;
    if (w.floats() + w.histograms() > 0) visit(step, w);
  }
}

// Also of series without a name.
inline std::string ForMetricName(std::string_view metric) {
  return " for metric name " + QuoteGo(metric);
}
inline void WarnMixed(std::string_view metric, NoteSink* notes) {
  notes->Warn("encountered a mix of histograms and floats" + ForMetricName(metric));
}
inline void WarnSchemas(std::string_view metric, NoteSink* notes) {
  notes->Warn("vector contains a mix of histograms with exponential and custom buckets schemas" +
              ForMetricName(metric));
}
inline void WarnNotCounter(std::string_view metric, NoteSink* notes) {
  notes->Warn("this native histogram metric is not a counter: " + QuoteGo(metric));
}
inline void WarnNotGauge(std::string_view metric, NoteSink* notes) {
  notes->Warn("this native histogram metric is not a gauge: " + QuoteGo(metric));
}
inline void NoteReconciled(std::string_view operation, NoteSink* notes) {
  notes->Info("mismatched custom buckets were reconciled during " + std::string(operation));
}

// The slow twins of the kernels in range_windows.h: any samples, start timestamps, and
// windows extended by `anchored` and `smoothed`.
Status MixedRate(const RangeCall&, const RangeSamples&, std::string_view, NoteSink*, Row*);
Status MixedIncrease(const RangeCall&, const RangeSamples&, std::string_view, NoteSink*, Row*);
Status MixedDelta(const RangeCall&, const RangeSamples&, std::string_view, NoteSink*, Row*);
Status MixedIrate(const RangeCall&, const RangeSamples&, std::string_view, NoteSink*, Row*);
Status MixedIdelta(const RangeCall&, const RangeSamples&, std::string_view, NoteSink*, Row*);
Status MixedChanges(const RangeCall&, const RangeSamples&, std::string_view, NoteSink*, Row*);
Status MixedResets(const RangeCall&, const RangeSamples&, std::string_view, NoteSink*, Row*);
Status MixedSum(const RangeCall&, const RangeSamples&, std::string_view, NoteSink*, Row*);
Status MixedAvg(const RangeCall&, const RangeSamples&, std::string_view, NoteSink*, Row*);
Status MixedCount(const RangeCall&, const RangeSamples&, std::string_view, NoteSink*, Row*);
Status MixedPresent(const RangeCall&, const RangeSamples&, std::string_view, NoteSink*, Row*);
Status MixedFirst(const RangeCall&, const RangeSamples&, std::string_view, NoteSink*, Row*);
Status MixedLast(const RangeCall&, const RangeSamples&, std::string_view, NoteSink*, Row*);
Status MixedTsOfFirst(const RangeCall&, const RangeSamples&, std::string_view, NoteSink*, Row*);
Status MixedTsOfLast(const RangeCall&, const RangeSamples&, std::string_view, NoteSink*, Row*);

// For functions of floats alone: tells of histograms that a window with floats ignores.
void NoteIgnoredHistograms(const RangeCall& call, const RangeSamples& samples,
                           std::string_view metric, NoteSink* notes);

// Whether the counter began anew between two neighbours, by their start timestamps alone.
// `start` and `start_before` are 0 if unknown.
bool StartedAnew(TimestampMs start_before, TimestampMs t_before, TimestampMs start, TimestampMs t);

}  // namespace firn::query
