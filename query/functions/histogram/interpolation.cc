#include "query/functions/histogram/interpolation.h"

#include "query/functions/histogram/histogram_buckets.h"
#include "query/functions/histogram/histogram_ops.h"
#include "query/functions/mixed_windows.h"

namespace firn::query {

std::optional<FloatHistogram> InterpolateHistograms(const FloatHistogram& a,
                                                    const FloatHistogram& b, double weight,
                                                    bool counter, std::string_view metric,
                                                    NoteSink* notes) {
  if (a.UsesCustomBuckets() != b.UsesCustomBuckets()) {
    WarnSchemas(metric, notes);
    return std::nullopt;
  }
  FloatHistogram out = b;
  if (counter && DetectReset(a, b)) {
    MultiplyHistogram(weight, &out);
    return out;
  }
  bool reconciled = SubtractHistogram(a, &out).bounds_reconciled;
  MultiplyHistogram(weight, &out);
  reconciled |= AddHistogram(a, &out).bounds_reconciled;
  if (reconciled) NoteReconciled("subtraction", notes);
  out.counter_reset_hint = counter ? CounterResetHint::kUnknown : CounterResetHint::kGauge;
  Compact(&out);
  return out;
}

}  // namespace firn::query
