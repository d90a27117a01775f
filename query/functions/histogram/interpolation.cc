#include "query/functions/histogram/interpolation.h"

#include "query/functions/histogram/histogram_buckets.h"
#include "query/functions/histogram/histogram_ops.h"
#include "query/functions/mixed_windows.h"

namespace firn::query {

namespace {

// Of a value between two samples, which is no difference although one was formed on the way.
CounterResetHint JoinedHint(CounterResetHint a, CounterResetHint b) {
  if (a == b) return a;
  const bool gauge = a == CounterResetHint::kGauge || b == CounterResetHint::kGauge;
  return gauge ? CounterResetHint::kGauge : CounterResetHint::kUnknown;
}

}  // namespace

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
  if (SubtractHistogram(a, &out).bounds_reconciled) NoteReconciled("subtraction", notes);
  MultiplyHistogram(weight, &out);
  if (AddHistogram(a, &out).bounds_reconciled) NoteReconciled("addition", notes);
  out.counter_reset_hint = JoinedHint(a.counter_reset_hint, b.counter_reset_hint);
  Compact(&out);
  return out;
}

}  // namespace firn::query
