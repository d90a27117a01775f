#include <cmath>

#include "query/functions/histogram/histogram_ops.h"
#include "query/functions/histogram/histogram_sum.h"
#include "query/functions/kahan.h"
#include "query/functions/mixed_windows.h"
#include "query/functions/run_windows.h"

namespace firn::query {
namespace {

template <bool kMean>
Status SumWindows(const RangeCall& call, const RangeSamples& x, std::string_view metric,
                  NoteSink* notes, Row* out) {
  ForEachMixedWindow(call, x, [&](size_t step, const MixedWindow& w) {
    if (w.floats() > 0 && w.histograms() > 0) {
      WarnMixed(metric, notes);
    } else if (w.histograms() > 0) {
      HistogramSum sum;
      for (size_t i = w.h0; i < w.h1; ++i) {
        if (kMean) {
          sum.AddToMean(*x.h[i], static_cast<double>(i - w.h0 + 1), metric, notes);
        } else {
          sum.Add(*x.h[i], metric, notes);
        }
      }
      if (sum.incompatible()) return;
      out->SetHistogram(step, kMean ? sum.Mean(static_cast<double>(w.histograms())) : sum.Sum());
    } else if (kMean && !x.runs.empty()) {
      out->SetFloat(step, MeanOfRuns(x, w.f0, w.f1));
    } else if (kMean) {
      MeanAccumulator mean;
      for (size_t i = w.f0; i < w.f1; ++i) mean.Add(x.v[i]);
      out->SetFloat(step, mean.Result());
    } else {
      double sum = 0;
      double c = 0;
      for (size_t i = w.f0; i < w.f1; ++i) KahanAdd(x.v[i], &sum, &c);
      out->SetFloat(step, std::isinf(sum) ? sum : sum + c);
    }
  });
  return OkStatus();
}

// The samples of a window in order of time.
template <typename Visit>
void InOrder(const RangeSamples& x, const MixedWindow& w, const Visit& visit) {
  size_t f = w.f0;
  size_t h = w.h0;
  while (f < w.f1 || h < w.h1) {
    if (h == w.h1 || (f < w.f1 && x.t[f] < x.ht[h])) {
      visit(f++, false);
    } else {
      visit(h++, true);
    }
  }
}

bool LastIsHistogram(const RangeSamples& x, const MixedWindow& w) {
  return w.histograms() > 0 && (w.floats() == 0 || x.ht[w.h1 - 1] > x.t[w.f1 - 1]);
}

bool FirstIsHistogram(const RangeSamples& x, const MixedWindow& w) {
  return w.histograms() > 0 && (w.floats() == 0 || x.ht[w.h0] < x.t[w.f0]);
}

void SetSample(const RangeSamples& x, size_t i, bool is_histogram, size_t step, Row* out) {
  if (is_histogram) {
    out->SetHistogram(step, x.h[i]);
  } else {
    out->SetFloat(step, x.v[i]);
  }
}

double Seconds(TimestampMs t) { return static_cast<double>(t) / 1000; }

// The two newest samples of a window, the older first.
struct LastPair {
  size_t i[2];
  bool is_histogram[2];
};

LastPair FindLastPair(const RangeSamples& x, MixedWindow w) {
  LastPair pair{};
  for (int k = 1; k >= 0; --k) {
    pair.is_histogram[k] = LastIsHistogram(x, w);
    pair.i[k] = pair.is_histogram[k] ? --w.h1 : --w.f1;
  }
  return pair;
}

template <bool kRate>
class InstantDifference {
 public:
  InstantDifference(const RangeSamples& x, std::string_view metric, NoteSink* notes, Row* out,
                    bool use_starts)
      : x_(x), metric_(metric), notes_(notes), out_(out), use_starts_(use_starts) {}

  void Step(size_t step, const MixedWindow& w) {
    if (w.floats() + w.histograms() < 2) return;
    const LastPair pair = FindLastPair(x_, w);
    if (pair.is_histogram[0] != pair.is_histogram[1]) {
      WarnMixed(metric_, notes_);
    } else if (pair.is_histogram[0]) {
      Histograms(step, pair.i[0], pair.i[1]);
    } else {
      Floats(step, pair.i[0], pair.i[1]);
    }
  }

 private:
  bool Anew(std::span<const TimestampMs> st, std::span<const TimestampMs> t, size_t a,
            size_t b) const {
    return use_starts_ && !st.empty() && StartedAnew(st[a], t[a], st[b], t[b]);
  }

  void Floats(size_t step, size_t a, size_t b) {
    const double interval = Seconds(x_.t[b] - x_.t[a]);
    if (interval == 0) return;
    const bool reset = kRate && (x_.v[b] < x_.v[a] || Anew(x_.st, x_.t, a, b));
    const double value = reset ? x_.v[b] : x_.v[b] - x_.v[a];
    out_->SetFloat(step, kRate ? value / interval : value);
  }

  void Histograms(size_t step, size_t a, size_t b) {
    const FloatHistogram& before = *x_.h[a];
    auto value = std::make_shared<FloatHistogram>(*x_.h[b]);
    const bool gauge_before = before.counter_reset_hint == CounterResetHint::kGauge;
    const bool gauge = value->counter_reset_hint == CounterResetHint::kGauge;
    if (kRate && (gauge_before || gauge)) WarnNotCounter(metric_, notes_);
    if (!kRate && !(gauge_before && gauge)) WarnNotGauge(metric_, notes_);
    const bool reset = kRate && (DetectReset(before, *value) || Anew(x_.hst, x_.ht, a, b));
    if (!reset) {
      const HistogramAddOutcome outcome = SubtractHistogram(before, value.get());
      if (outcome.incompatible) return WarnSchemas(metric_, notes_);
      if (outcome.bounds_reconciled) NoteReconciled("subtraction", notes_);
    }
    if (kRate) DivideHistogram(Seconds(x_.ht[b] - x_.ht[a]), value.get());
    value->counter_reset_hint = CounterResetHint::kGauge;
    out_->SetHistogram(step, std::move(value));
  }

  const RangeSamples& x_;
  std::string_view metric_;
  NoteSink* notes_;
  Row* out_;
  bool use_starts_;
};

template <bool kRate>
Status DifferenceWindows(const RangeCall& call, const RangeSamples& x, std::string_view metric,
                         NoteSink* notes, Row* out) {
  InstantDifference<kRate> difference(x, metric, notes, out, call.use_start_timestamps);
  ForEachMixedWindow(call, x, [&](size_t step, const MixedWindow& w) { difference.Step(step, w); });
  return OkStatus();
}

// Whether sample b, next after a, counts as a change or as a reset.
struct Mark {
  const RangeSamples& x;
  bool resets;
  bool use_starts;

  bool operator()(size_t a, bool a_histogram, size_t b, bool b_histogram) const {
    if (resets && use_starts && Anew(a, a_histogram, b, b_histogram)) return true;
    if (a_histogram != b_histogram) return true;
    if (b_histogram) {
      return resets ? DetectReset(*x.h[a], *x.h[b]) : !EqualHistograms(*x.h[a], *x.h[b]);
    }
    if (resets) return x.v[b] < x.v[a];
    return x.v[b] != x.v[a] && !(std::isnan(x.v[a]) && std::isnan(x.v[b]));
  }

  bool Anew(size_t a, bool a_histogram, size_t b, bool b_histogram) const {
    const auto start = [&](size_t i, bool histogram) {
      const auto st = histogram ? x.hst : x.st;
      return st.empty() ? 0 : st[i];
    };
    const auto time = [&](size_t i, bool histogram) { return histogram ? x.ht[i] : x.t[i]; };
    return StartedAnew(start(a, a_histogram), time(a, a_histogram), start(b, b_histogram),
                       time(b, b_histogram));
  }
};

// Of an anchored call: adds the newest sample at or before the window's start.
MixedWindow WithBaseline(const RangeSamples& x, MixedWindow w, TimestampMs oldest) {
  MixedWindow before{.f0 = 0, .f1 = w.f0, .h0 = 0, .h1 = w.h0};
  if (before.f1 + before.h1 == 0) return w;
  if (LastIsHistogram(x, before)) {
    if (x.ht[w.h0 - 1] > oldest) --w.h0;
  } else if (x.t[w.f0 - 1] > oldest) {
    --w.f0;
  }
  return w;
}

Status CountMarks(const RangeCall& call, const RangeSamples& x, bool resets, Row* out) {
  const Mark is_mark{x, resets, call.use_start_timestamps};
  ForEachMixedWindow(call, x, [&](size_t step, MixedWindow w) {
    if (call.extension == RangeExtension::kAnchored) {
      const TimestampMs start = call.grid.At(step) - call.offset - call.range;
      w = WithBaseline(x, w, start - call.lookback);
    }
    size_t marks = 0;
    size_t last = 0;
    bool last_histogram = false;
    bool any = false;
    InOrder(x, w, [&](size_t i, bool is_histogram) {
      if (!is_histogram && IsJoined(x, i)) {
        marks += resets ? x.runs[i].resets : x.runs[i].changes;
      } else if (any && is_mark(last, last_histogram, i, is_histogram)) {
        ++marks;
      }
      last = i;
      last_histogram = is_histogram;
      any = true;
    });
    out->SetFloat(step, static_cast<double>(marks));
  });
  return OkStatus();
}

}  // namespace

bool StartedAnew(TimestampMs start_before, TimestampMs t_before, TimestampMs start, TimestampMs t) {
  // An unknown start, or one that claims not to lie before its sample, says nothing.
  if (start == 0 || start >= t) return false;
  if (start > t_before) return true;
  if (start < t_before) return false;
  return start_before != 0 && start_before < t_before && start_before != start;
}

Status MixedSum(const RangeCall& call, const RangeSamples& x, std::string_view metric,
                NoteSink* notes, Row* out) {
  return SumWindows<false>(call, x, metric, notes, out);
}

Status MixedAvg(const RangeCall& call, const RangeSamples& x, std::string_view metric,
                NoteSink* notes, Row* out) {
  return SumWindows<true>(call, x, metric, notes, out);
}

Status MixedIrate(const RangeCall& call, const RangeSamples& x, std::string_view metric,
                  NoteSink* notes, Row* out) {
  return DifferenceWindows<true>(call, x, metric, notes, out);
}

Status MixedIdelta(const RangeCall& call, const RangeSamples& x, std::string_view metric,
                   NoteSink* notes, Row* out) {
  return DifferenceWindows<false>(call, x, metric, notes, out);
}

Status MixedChanges(const RangeCall& call, const RangeSamples& x, std::string_view, NoteSink*,
                    Row* out) {
  return CountMarks(call, x, false, out);
}

Status MixedResets(const RangeCall& call, const RangeSamples& x, std::string_view, NoteSink*,
                   Row* out) {
  return CountMarks(call, x, true, out);
}

Status MixedCount(const RangeCall& call, const RangeSamples& x, std::string_view, NoteSink*,
                  Row* out) {
  ForEachMixedWindow(call, x, [&](size_t step, const MixedWindow& w) {
    out->SetFloat(step,
                  static_cast<double>(CountFloats(x, w.f0, w.f1) + CountHistograms(x, w.h0, w.h1)));
  });
  return OkStatus();
}

Status MixedPresent(const RangeCall& call, const RangeSamples& x, std::string_view, NoteSink*,
                    Row* out) {
  ForEachMixedWindow(call, x, [&](size_t step, const MixedWindow&) { out->SetFloat(step, 1); });
  return OkStatus();
}

Status MixedFirst(const RangeCall& call, const RangeSamples& x, std::string_view, NoteSink*,
                  Row* out) {
  ForEachMixedWindow(call, x, [&](size_t step, const MixedWindow& w) {
    const bool histogram = FirstIsHistogram(x, w);
    SetSample(x, histogram ? w.h0 : w.f0, histogram, step, out);
  });
  return OkStatus();
}

Status MixedLast(const RangeCall& call, const RangeSamples& x, std::string_view, NoteSink*,
                 Row* out) {
  ForEachMixedWindow(call, x, [&](size_t step, const MixedWindow& w) {
    const bool histogram = LastIsHistogram(x, w);
    SetSample(x, histogram ? w.h1 - 1 : w.f1 - 1, histogram, step, out);
  });
  return OkStatus();
}

Status MixedTsOfFirst(const RangeCall& call, const RangeSamples& x, std::string_view, NoteSink*,
                      Row* out) {
  ForEachMixedWindow(call, x, [&](size_t step, const MixedWindow& w) {
    out->SetFloat(step, Seconds(FirstIsHistogram(x, w) ? x.ht[w.h0] : x.t[w.f0]));
  });
  return OkStatus();
}

Status MixedTsOfLast(const RangeCall& call, const RangeSamples& x, std::string_view, NoteSink*,
                     Row* out) {
  ForEachMixedWindow(call, x, [&](size_t step, const MixedWindow& w) {
    out->SetFloat(step, Seconds(LastIsHistogram(x, w) ? x.ht[w.h1 - 1] : x.t[w.f1 - 1]));
  });
  return OkStatus();
}

void NoteIgnoredHistograms(const RangeCall& call, const RangeSamples& samples,
                           std::string_view metric, NoteSink* notes) {
  bool ignored = false;
  ForEachMixedWindow(call, samples, [&](size_t, const MixedWindow& w) {
    ignored |= w.floats() > 0 && w.histograms() > 0;
  });
  if (!ignored) return;
  notes->Info("ignored histograms in a range containing both floats and histograms" +
              ForMetricName(metric));
}

}  // namespace firn::query
