#include <algorithm>
#include <optional>

#include "query/functions/histogram/histogram_buckets.h"
#include "query/functions/histogram/histogram_ops.h"
#include "query/functions/mixed_windows.h"
#include "query/functions/rate_extrapolation.h"
#include "query/functions/run_windows.h"

namespace firn::query {
namespace {

// rate, increase and delta of windows with histograms or with start timestamps.
class RateWindows {
 public:
  RateWindows(RateKind kind, const RangeCall& call, const RangeSamples& x, std::string_view metric,
              NoteSink* notes, Row* out)
      : kind_(kind), call_(call), x_(x), metric_(metric), notes_(notes), out_(out) {}

  void Step(size_t step, const MixedWindow& w) {
    if (w.floats() > 0 && w.histograms() > 0) return WarnMixed(metric_, notes_);
    end_ = call_.grid.At(step) - call_.offset;
    start_ = end_ - call_.range;
    if (w.floats() > 0) {
      Floats(step, w.f0, w.f1);
    } else {
      Histograms(step, w.h0, w.h1);
    }
  }

 private:
  bool IsCounter() const { return kind_ != RateKind::kDelta; }

  // Start timestamps only matter to counters.
  std::span<const TimestampMs> Starts(std::span<const TimestampMs> st) const {
    return IsCounter() && call_.use_start_timestamps ? st : std::span<const TimestampMs>();
  }

  // The start of the first sample, if it is known to lie inside the window: a zero sample.
  std::optional<TimestampMs> ZeroSample(std::span<const TimestampMs> st,
                                        std::span<const TimestampMs> t, size_t first) const {
    if (st.empty() || st[first] <= start_ || st[first] >= t[first] || st[first] == 0) {
      return std::nullopt;
    }
    return st[first];
  }

  void CheckOverlap(std::span<const TimestampMs> st, std::span<const TimestampMs> t, size_t i) {
    if (st[i] == 0 || st[i] >= t[i] || st[i] >= t[i - 1] || st[i] == st[i - 1]) return;
    notes_->Warn("sample has start time that overlaps with previous sample timestamp for metric " +
                 QuoteGo(metric_));
  }

  void Floats(size_t step, size_t first, size_t last) {
    const std::span<const TimestampMs> st = Starts(x_.st);
    const std::optional<TimestampMs> zero = ZeroSample(st, x_.t, first);
    const size_t gaps = CountFloats(x_, first, last) - 1;
    if (gaps == 0 && !zero) return;
    double gained = x_.v[last - 1] - x_.v[first];
    for (size_t i = first + 1; IsCounter() && i < last; ++i) {
      if (IsJoined(x_, i)) {
        if (x_.runs[i].resets > 0) gained += x_.runs[i].correction;
        continue;
      }
      if (!st.empty()) CheckOverlap(st, x_.t, i);
      const bool anew = !st.empty() && StartedAnew(st[i - 1], x_.t[i - 1], st[i], x_.t[i]);
      if (x_.v[i] < x_.v[i - 1] || anew) gained += x_.v[i - 1];
    }
    if (zero) gained += x_.v[first];
    const RateEdges edges{.zero_t = zero,
                          .first_t = x_.t[first],
                          .last_t = x_.t[last - 1],
                          .start = start_,
                          .end = end_,
                          .gaps = gaps,
                          .first_v = zero ? 0 : x_.v[first],
                          .range = call_.range};
    out_->SetFloat(step, gained * ExtrapolationFactor(kind_, edges, gained));
    if (IsCounter()) NoteNonCounter(metric_, notes_);
  }

  void Histograms(size_t step, size_t first, size_t last) {
    const std::span<const TimestampMs> st = Starts(x_.hst);
    const std::optional<TimestampMs> zero = ZeroSample(st, x_.ht, first);
    const size_t gaps = CountHistograms(x_, first, last) - 1;
    if (gaps == 0 && !zero) return;
    std::optional<FloatHistogram> gained = Gained(first, last, st, zero.has_value());
    if (!gained) return;
    const RateEdges edges{.zero_t = zero,
                          .first_t = x_.ht[first],
                          .last_t = x_.ht[last - 1],
                          .start = start_,
                          .end = end_,
                          .gaps = gaps,
                          .first_v = zero ? 0 : x_.h[first]->count,
                          .range = call_.range};
    MultiplyHistogram(ExtrapolationFactor(kind_, edges, gained->count), &*gained);
    gained->counter_reset_hint = CounterResetHint::kGauge;
    Compact(&*gained);
    out_->SetHistogram(step, std::make_shared<FloatHistogram>(*std::move(gained)));
  }

  static bool IsGauge(const FloatHistogram& h) {
    return h.counter_reset_hint == CounterResetHint::kGauge;
  }

  bool IsReset(size_t i, const FloatHistogram& before, std::span<const TimestampMs> st) const {
    if (!st.empty() && StartedAnew(st[i - 1], x_.ht[i - 1], st[i], x_.ht[i])) return true;
    return DetectReset(before, *x_.h[i]);
  }

  // What the histograms gained from the first to the last, or nothing if they cannot be
  // subtracted.
  std::optional<FloatHistogram> Gained(size_t first, size_t last, std::span<const TimestampMs> st,
                                       bool from_zero) {
    const FloatHistogram* before = x_.h[first].get();
    const FloatHistogram& end = *x_.h[last - 1];
    if (IsCounter() && (IsGauge(*before) || IsGauge(end))) WarnNotCounter(metric_, notes_);
    // Nothing of the first histogram counts if the second one began anew.
    FloatHistogram nothing;
    const size_t second = std::min(first + 1, last - 1);
    if (from_zero || (IsCounter() && second > first && IsReset(second, *before, st))) {
      nothing.schema = from_zero ? before->schema : x_.h[second]->schema;
      nothing.custom_values = from_zero ? before->custom_values : x_.h[second]->custom_values;
      nothing.zero_threshold = from_zero ? before->zero_threshold : 0;
      if (!from_zero) before = &nothing;
    }
    const FloatHistogram& base = from_zero ? nothing : *before;
    if (!CheckSchemas(first, last, base)) return std::nullopt;
    FloatHistogram gained = end;
    const HistogramAddOutcome outcome = SubtractHistogram(base, &gained);
    if (outcome.incompatible) {
      WarnSchemas(metric_, notes_);
      return std::nullopt;
    }
    if (outcome.bounds_reconciled) NoteReconciled("subtraction", notes_);
    if (!IsCounter()) {
      if (!IsGauge(*x_.h[first]) || !IsGauge(end)) WarnNotGauge(metric_, notes_);
      return gained;
    }
    for (size_t i = first + 1; i < last; ++i) {
      if (!st.empty()) CheckOverlap(st, x_.ht, i);
      if (IsReset(i, *before, st)) {
        const HistogramAddOutcome added = AddHistogram(*before, &gained);
        if (added.incompatible) {
          WarnSchemas(metric_, notes_);
          return std::nullopt;
        }
        if (added.bounds_reconciled) NoteReconciled("addition", notes_);
      }
      before = x_.h[i].get();
    }
    return gained;
  }

  bool CheckSchemas(size_t first, size_t last, const FloatHistogram& base) {
    const bool custom = base.UsesCustomBuckets();
    bool same = x_.h[last - 1]->UsesCustomBuckets() == custom;
    for (size_t i = first + 1; IsCounter() && i + 1 < last; ++i) {
      if (IsGauge(*x_.h[i])) WarnNotCounter(metric_, notes_);
      same = same && x_.h[i]->UsesCustomBuckets() == custom;
    }
    if (!same) WarnSchemas(metric_, notes_);
    return same;
  }

  RateKind kind_;
  const RangeCall& call_;
  const RangeSamples& x_;
  std::string_view metric_;
  NoteSink* notes_;
  Row* out_;
  TimestampMs start_ = 0;
  TimestampMs end_ = 0;
};

Status Windows(RateKind kind, const RangeCall& call, const RangeSamples& x, std::string_view metric,
               NoteSink* notes, Row* out) {
  if (call.extension != RangeExtension::kNone) {
    return ExtendedRate(kind, call, x, metric, notes, out);
  }
  RateWindows windows(kind, call, x, metric, notes, out);
  ForEachMixedWindow(call, x, [&](size_t step, const MixedWindow& w) { windows.Step(step, w); });
  return OkStatus();
}

}  // namespace

Status MixedRate(const RangeCall& call, const RangeSamples& x, std::string_view metric,
                 NoteSink* notes, Row* out) {
  return Windows(RateKind::kRate, call, x, metric, notes, out);
}

Status MixedIncrease(const RangeCall& call, const RangeSamples& x, std::string_view metric,
                     NoteSink* notes, Row* out) {
  return Windows(RateKind::kIncrease, call, x, metric, notes, out);
}

Status MixedDelta(const RangeCall& call, const RangeSamples& x, std::string_view metric,
                  NoteSink* notes, Row* out) {
  return Windows(RateKind::kDelta, call, x, metric, notes, out);
}

}  // namespace firn::query
