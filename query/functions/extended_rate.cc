#include <algorithm>
#include <optional>

#include "query/functions/histogram/histogram_buckets.h"
#include "query/functions/histogram/histogram_ops.h"
#include "query/functions/histogram/interpolation.h"
#include "query/functions/mixed_windows.h"
#include "query/functions/rate_extrapolation.h"

namespace firn::query {
namespace {

// How far a time lies behind a sample, of how much there is to the next one.
struct Fraction {
  double part = 0;
  double whole = 1;
};

// Values of floats and of histograms with the same verbs; verbs of histograms may fail.
struct FloatValues {
  using Value = double;
  std::span<const double> v;

  const double& at(size_t i) const { return v[i]; }
  bool IsReset(const double& before, const double& now) const { return now < before; }
  bool Add(const double& x, double* into, NoteSink*) const {
    *into += x;
    return true;
  }
  bool Subtract(const double& x, double* from, NoteSink*) const {
    *from -= x;
    return true;
  }
  std::optional<double> Between(size_t i, Fraction at, bool counter, NoteSink*) const {
    const double a = counter && v[i + 1] < v[i] ? 0 : v[i];
    return a + (v[i + 1] - a) * at.part / at.whole;
  }
  void CheckGauges(const double&, const double&, NoteSink*) const {}
  void Set(size_t step, double value, double divisor, Row* out) const {
    out->SetFloat(step, value / divisor);
  }
};

bool IsGauge(const FloatHistogram& h) { return h.counter_reset_hint == CounterResetHint::kGauge; }

struct HistogramValues {
  using Value = FloatHistogram;
  std::span<const HistogramPtr> h;
  std::string_view metric;

  const FloatHistogram& at(size_t i) const { return *h[i]; }
  bool IsReset(const FloatHistogram& before, const FloatHistogram& now) const {
    return DetectReset(before, now);
  }
  bool Add(const FloatHistogram& x, FloatHistogram* into, NoteSink* notes) const {
    const HistogramAddOutcome outcome = AddHistogram(x, into);
    return Check(outcome, "addition", notes);
  }
  bool Subtract(const FloatHistogram& x, FloatHistogram* from, NoteSink* notes) const {
    const HistogramAddOutcome outcome = SubtractHistogram(x, from);
    return Check(outcome, "subtraction", notes);
  }
  std::optional<FloatHistogram> Between(size_t i, Fraction at, bool counter,
                                        NoteSink* notes) const {
    return InterpolateHistograms(*h[i], *h[i + 1], at.part / at.whole, counter, metric, notes);
  }
  void CheckGauges(const FloatHistogram& left, const FloatHistogram& right, NoteSink* notes) const {
    if (!IsGauge(left) || !IsGauge(right)) WarnNotGauge(metric, notes);
  }
  void Set(size_t step, FloatHistogram value, double divisor, Row* out) const {
    if (divisor != 1) DivideHistogram(divisor, &value);
    value.counter_reset_hint = CounterResetHint::kGauge;
    Compact(&value);
    out->SetHistogram(step, std::make_shared<FloatHistogram>(std::move(value)));
  }

 private:
  bool Check(const HistogramAddOutcome& outcome, std::string_view what, NoteSink* notes) const {
    if (outcome.incompatible) WarnSchemas(metric, notes);
    if (outcome.bounds_reconciled) NoteReconciled(what, notes);
    return !outcome.incompatible;
  }
};

struct ExtendedWindow {
  size_t first = 0;  // Of the samples that count, both ends included.
  size_t last = 0;
  TimestampMs start = 0;
  TimestampMs end = 0;
};

// Samples from the newest at or before the start to the last one; with `smoothed` to the
// oldest at or after the end.
std::optional<ExtendedWindow> FindWindow(const RangeCall& call, std::span<const TimestampMs> t,
                                         size_t begin, size_t end, size_t step) {
  if (begin == end) return std::nullopt;
  ExtendedWindow w;
  w.end = call.grid.At(step) - call.offset;
  w.start = w.end - call.range;
  w.first = begin;
  while (w.first + 1 < end && t[w.first + 1] <= w.start) ++w.first;
  w.last = end - 1;
  if (call.extension == RangeExtension::kSmoothed) {
    while (w.last > w.first && t[w.last - 1] >= w.end) --w.last;
  }
  if (t[w.last] <= w.start || t[w.first] > w.end) return std::nullopt;
  return w;
}

template <typename Values>
class ExtendedDifference {
 public:
  using Value = typename Values::Value;

  ExtendedDifference(RateKind kind, const RangeCall& call, std::span<const TimestampMs> t,
                     const Values& values, NoteSink* notes)
      : kind_(kind), call_(call), t_(t), values_(values), notes_(notes) {}

  void Step(size_t step, const ExtendedWindow& w, Row* out) {
    const bool smoothed = call_.extension == RangeExtension::kSmoothed;
    const bool counter = kind_ != RateKind::kDelta;
    const bool left_between = smoothed && t_[w.first] < w.start && w.first < w.last;
    std::optional<Value> left = values_.at(w.first);
    std::optional<Value> right = values_.at(w.last);
    if (left_between) {
      left = values_.Between(w.first, FractionOf(w.first, w.start), counter, notes_);
    }
    if (smoothed && t_[w.last] > w.end && w.first < w.last) {
      right = values_.Between(w.last - 1, FractionOf(w.last - 1, w.end), counter, notes_);
    }
    if (!left || !right) return;
    if (!counter) values_.CheckGauges(*left, *right, notes_);
    Value gained = *right;
    if (!values_.Subtract(*left, &gained, notes_)) return;
    if (counter && !AddResets(w, left_between, &gained)) return;
    const double divisor = kind_ == RateKind::kRate ? static_cast<double>(call_.range) / 1000 : 1;
    values_.Set(step, std::move(gained), divisor, out);
  }

 private:
  Fraction FractionOf(size_t i, TimestampMs at) const {
    return {.part = static_cast<double>(at - t_[i]),
            .whole = static_cast<double>(t_[i + 1] - t_[i])};
  }

  // Adds what was lost at all resets together. A left value between two samples has dealt with
  // a reset between these.
  bool AddResets(const ExtendedWindow& w, bool left_between, Value* gained) {
    std::optional<Value> lost;
    for (size_t i = w.first + (left_between ? 2 : 1); i <= w.last; ++i) {
      if (!values_.IsReset(values_.at(i - 1), values_.at(i))) continue;
      if (!lost) {
        lost = values_.at(i - 1);
      } else if (!values_.Add(values_.at(i - 1), &*lost, notes_)) {
        return false;
      }
    }
    return !lost || values_.Add(*lost, gained, notes_);
  }

 private:
  RateKind kind_;
  const RangeCall& call_;
  std::span<const TimestampMs> t_;
  const Values& values_;
  NoteSink* notes_;
};

// False, with a warning, if the layouts of the samples differ in kind. Warns of gauges under a
// counter function.
bool CheckSamples(RateKind kind, std::span<const HistogramPtr> h, const ExtendedWindow& w,
                  std::string_view metric, NoteSink* notes) {
  const auto part = h.subspan(w.first, w.last - w.first + 1);
  for (const HistogramPtr& x : part) {
    if (x->UsesCustomBuckets() != part.front()->UsesCustomBuckets()) {
      WarnSchemas(metric, notes);
      return false;
    }
    if (kind != RateKind::kDelta && IsGauge(*x)) WarnNotCounter(metric, notes);
  }
  return true;
}

}  // namespace

Status ExtendedRate(RateKind kind, const RangeCall& call, const RangeSamples& x,
                    std::string_view metric, NoteSink* notes, Row* out) {
  // The window with everything that may be looked at.
  RangeCall wide = call;
  wide.range += call.lookback;
  if (call.extension == RangeExtension::kSmoothed) {
    wide.range += call.lookback;
    wide.offset -= call.lookback;
  }
  const FloatValues floats{x.v};
  const HistogramValues histograms{x.h, metric};
  ExtendedDifference float_difference(kind, call, x.t, floats, notes);
  ExtendedDifference histogram_difference(kind, call, x.ht, histograms, notes);
  ForEachMixedWindow(wide, x, [&](size_t step, const MixedWindow& all) {
    if (all.floats() > 0 && all.histograms() > 0) return WarnMixed(metric, notes);
    if (const auto w = FindWindow(call, x.t, all.f0, all.f1, step)) {
      float_difference.Step(step, *w, out);
      if (kind != RateKind::kDelta) NoteNonCounter(metric, notes);
    } else if (const auto hw = FindWindow(call, x.ht, all.h0, all.h1, step)) {
      if (!CheckSamples(kind, x.h, *hw, metric, notes)) return;
      histogram_difference.Step(step, *hw, out);
    }
  });
  return OkStatus();
}

}  // namespace firn::query
