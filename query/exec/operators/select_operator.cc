#include <algorithm>

#include "base/duration.h"
#include "query/exec/matching.h"
#include "query/exec/operators.h"
#include "query/functions/histogram/histogram_ops.h"
#include "query/functions/histogram/interpolation.h"
#include "query/functions/mixed_windows.h"
#include "query/functions/vector_loops.h"
#include "query/functions/window_plan.h"

namespace firn::query {
namespace {

// The two newest columns positions at or before a moving time.
struct Cursor {
  size_t f = 0;  // Float samples with t <= now.
  size_t h = 0;  // Histogram samples with t <= now.

  void Advance(const engine::SampleColumns& c, TimestampMs now) {
    while (f < c.t.size() && c.t[f] <= now) ++f;
    while (h < c.ht.size() && c.ht[h] <= now) ++h;
  }
};

bool HasStart(const std::vector<TimestampMs>& st, size_t i) { return i < st.size(); }

void SetStartTime(const std::vector<TimestampMs>& st, size_t i, size_t step, Row* out) {
  out->SetFloat(step, HasStart(st, i) ? static_cast<double>(st[i]) / 1000 : 0);
}

// Value of the newest sample in (now - lookback, now], if it is no stale marker. False if it is
// a histogram where there must be none.
bool Lookup(const SelectPlan& plan, const engine::SampleColumns& c, const Cursor& at,
            TimestampMs now, size_t step, Row* out) {
  const bool histogram = at.h > 0 && (at.f == 0 || c.ht[at.h - 1] > c.t[at.f - 1]);
  if (!histogram && at.f == 0) return true;
  const size_t i = histogram ? at.h - 1 : at.f - 1;
  const TimestampMs t = histogram ? c.ht[i] : c.t[i];
  if (t <= now - plan.lookback) return true;
  if (histogram ? c.h[i]->IsStale() : IsStaleNan(c.v[i])) return true;
  switch (plan.value) {
    case SelectValue::kSample:
      if (histogram) {
        out->SetHistogram(step, c.h[i]);
      } else {
        out->SetFloat(step, c.v[i]);
      }
      break;
    case SelectValue::kInfoTimestamp:
      if (histogram) return false;
      [[fallthrough]];
    case SelectValue::kTimestamp:
      out->SetFloat(step, static_cast<double>(t) / 1000);
      break;
    case SelectValue::kStartTimestamp:
      SetStartTime(histogram ? c.hst : c.st, i, step, out);
      break;
  }
  return true;
}

struct Neighbour {
  bool found = false;
  bool histogram = false;
  size_t i = 0;
  TimestampMs t = 0;
};

// The newest sample at or before `now` that is no stale marker.
Neighbour Before(const engine::SampleColumns& c, Cursor at, TimestampMs oldest) {
  while (at.f > 0 && IsStaleNan(c.v[at.f - 1])) --at.f;
  while (at.h > 0 && c.h[at.h - 1]->IsStale()) --at.h;
  Neighbour out;
  if (at.f > 0) out = {.found = true, .histogram = false, .i = at.f - 1, .t = c.t[at.f - 1]};
  if (at.h > 0 && (!out.found || c.ht[at.h - 1] > out.t)) {
    out = {.found = true, .histogram = true, .i = at.h - 1, .t = c.ht[at.h - 1]};
  }
  if (out.found && out.t <= oldest) out.found = false;
  return out;
}

Neighbour After(const engine::SampleColumns& c, Cursor at, TimestampMs newest) {
  while (at.f < c.t.size() && IsStaleNan(c.v[at.f])) ++at.f;
  while (at.h < c.ht.size() && c.h[at.h]->IsStale()) ++at.h;
  Neighbour out;
  if (at.f < c.t.size()) out = {.found = true, .histogram = false, .i = at.f, .t = c.t[at.f]};
  if (at.h < c.ht.size() && (!out.found || c.ht[at.h] < out.t)) {
    out = {.found = true, .histogram = true, .i = at.h, .t = c.ht[at.h]};
  }
  if (out.found && out.t > newest) out.found = false;
  return out;
}

// Whether there are samples of both kinds in (after, until], stale markers aside.
bool IsMixed(const engine::SampleColumns& c, TimestampMs after, TimestampMs until) {
  const auto any = [&](const std::vector<TimestampMs>& t, const auto& is_stale) {
    auto i = static_cast<size_t>(std::ranges::upper_bound(t, after) - t.begin());
    while (i < t.size() && t[i] <= until && is_stale(i)) ++i;
    return i < t.size() && t[i] <= until;
  };
  return any(c.t, [&](size_t i) { return IsStaleNan(c.v[i]); }) &&
         any(c.ht, [&](size_t i) { return c.h[i]->IsStale(); });
}

class SelectOperator : public Operator {
 public:
  SelectOperator(const PlanNode& plan)
      : Operator(plan.grid), plan_(*plan.As<SelectPlan>()), pos_(plan.pos) {}

  Status Open(ExecContext* context) override {
    context_ = context;
    if (plan_.value == SelectValue::kStartTimestamp && !context->scope().use_start_timestamps) {
      return OkStatus();
    }
    if (plan_.range.empty()) return OkStatus();
    FIRN_ASSIGN_OR_RETURN(set_, context->Select(plan_.range, plan_.matchers, plan_.hints));
    NoteGaps(*set_, pos_, context);
    NameBy(SeriesNames(set_.get()));
    // The newest sample within the lookback is the last one of a window of that width.
    lookback_.grid = plan_.look.Apply(grid_);
    lookback_.offset = plan_.look.offset;
    lookback_.range = plan_.lookback;
    plans_.resize(context->threads());
    return OkStatus();
  }

  Status ComputeRow(size_t i, Worker* worker, Row* out) override {
    out->Reset(steps());
    Worker::ColumnsLease columns(worker);
    FIRN_RETURN_IF_ERROR(set_->Read(i, plan_.range, columns.get()).WithContext("expanding series"));
    NoteMadeUp(*columns, pos_, context_);
    if (plan_.detect_resets) DetectHints(columns.get());
    if (columns->ht.empty() && !plan_.smoothed && plan_.value == SelectValue::kSample) {
      if (!columns->empty()) FillFloats(*columns, &plans_[worker->index()], out);
    } else if (!columns->empty()) {
      FIRN_RETURN_IF_ERROR(FillRow(i, *columns, out));
    }
    Count(*out);
    return OkStatus();
  }

 private:
  void Count(const Row& row) {
    if (!context_->counts_steps(grid_)) return context_->CountRead(RowWeight(row));
    for (size_t s = 0; s < steps(); ++s) {
      if (row.kind[s] == PointKind::kFloat) context_->CountAt(s, 1);
      if (row.kind[s] == PointKind::kHistogram) context_->CountAt(s, SampleWeight(*row.h[s]));
    }
  }

  void FillFloats(const engine::SampleColumns& columns, WindowPlan* plan, Row* out) const {
    plan->Prepare(lookback_, columns.t);
    const std::vector<double>& v = columns.v;
    const std::vector<uint32_t>& first = plan->first();
    const std::vector<uint32_t>& last = plan->last();
    const bool any_stale = BestLoops().any_stale(v.data(), v.size());
    for (size_t s = 0; s < steps(); ++s) {
      if (first[s] == last[s]) continue;
      const double value = v[last[s] - 1];
      if (!any_stale || !IsStaleNan(value)) out->SetFloat(s, value);
    }
  }

  Status FillRow(size_t i, const engine::SampleColumns& columns, Row* out) {
    const StepGrid looked = plan_.look.Apply(grid_);
    NotesAt notes(&context_->notes(), pos_);
    Cursor at;
    for (size_t s = 0; s < steps(); ++s) {
      const TimestampMs now = looked.At(s) - plan_.look.offset;
      at.Advance(columns, now);
      if (plan_.smoothed) {
        Smooth(columns, at, now, s, set_->labels(i).metric_name(), &notes, out);
      } else if (!Lookup(plan_, columns, at, now, s, out)) {
        return Evaluation("this should be an info metric, with float samples: {}",
                          BracedLabels(set_->labels(i)));
      }
    }
    return OkStatus();
  }

  // The value between the neighbours of a time.
  void Smooth(const engine::SampleColumns& c, const Cursor& at, TimestampMs now, size_t s,
              std::string_view metric, NoteSink* notes, Row* out) const {
    if (IsMixed(c, now - plan_.lookback, now + plan_.lookback)) return WarnMixed(metric, notes);
    const Neighbour left = Before(c, at, now - plan_.lookback);
    if (!left.found) return;
    const Neighbour right = left.t == now ? Neighbour() : After(c, at, now + plan_.lookback);
    const auto part = static_cast<double>(now - left.t);
    const auto whole = static_cast<double>(right.t - left.t);
    if (!left.histogram) {
      const double a = c.v[left.i];
      out->SetFloat(s, right.found ? a + (c.v[right.i] - a) * part / whole : a);
      return;
    }
    const FloatHistogram& a = *c.h[left.i];
    if (!right.found) {
      HistogramPtr value = c.h[left.i];
      if (left.t != now && a.counter_reset_hint != CounterResetHint::kUnknown) {
        auto copy = std::make_shared<FloatHistogram>(a);
        copy->counter_reset_hint = CounterResetHint::kUnknown;
        value = std::move(copy);
      }
      out->SetHistogram(s, std::move(value));
      return;
    }
    const FloatHistogram& b = *c.h[right.i];
    const bool counter = a.counter_reset_hint != CounterResetHint::kGauge ||
                         b.counter_reset_hint != CounterResetHint::kGauge;
    std::optional<FloatHistogram> value =
        InterpolateHistograms(a, b, part / whole, counter, metric, notes);
    if (value) out->SetHistogram(s, std::make_shared<FloatHistogram>(*std::move(value)));
  }

  const SelectPlan& plan_;
  PosRange pos_;
  ExecContext* context_ = nullptr;
  std::unique_ptr<engine::SeriesSet> set_;
  RangeCall lookback_;
  std::vector<WindowPlan> plans_;  // By worker.
};

std::string FormatSeconds(TimestampMs t) {
  return fmt::format("{:.3f}", static_cast<double>(t) / kSecondMs);
}

}  // namespace

void DetectHints(engine::SampleColumns* columns) {
  for (size_t i = columns->h.size(); i-- > 1;) {
    const FloatHistogram& before = *columns->h[i - 1];
    const FloatHistogram& now = *columns->h[i];
    if (now.counter_reset_hint != CounterResetHint::kUnknown) continue;
    if (before.IsStale() || now.IsStale()) continue;
    auto copy = std::make_shared<FloatHistogram>(now);
    copy->counter_reset_hint =
        DetectReset(before, now) ? CounterResetHint::kReset : CounterResetHint::kNotReset;
    columns->h[i] = std::move(copy);
  }
}

void NoteMadeUp(const engine::SampleColumns& columns, const PosRange& pos, ExecContext* context) {
  if (columns.made_up_from == 0) return;
  NotesAt(&context->notes(), pos)
      .Info(fmt::format(
          "answered in part from buckets of {} that windows or steps cut: values inside a bucket "
          "are interpolated",
          FormatDuration(columns.made_up_from)));
}

void NoteGaps(const engine::SeriesSet& set, const PosRange& pos, ExecContext* context) {
  for (const TimeRange& gap : set.gaps()) {
    NotesAt(&context->notes(), pos)
        .Warn(fmt::format("stored samples between {} and {} cannot be read and may be missing from "
                          "the answer",
                          FormatSeconds(gap.min), FormatSeconds(gap.max)));
  }
}

OperatorPtr MakeSelect(const PlanNode& plan) { return std::make_unique<SelectOperator>(plan); }

}  // namespace firn::query
