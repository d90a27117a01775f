#include <algorithm>
#include <cmath>
#include <vector>

#include "base/labels.h"
#include "query/functions/range_windows.h"
#include "query/functions/rate_extrapolation.h"
#include "query/functions/vector_loops.h"
#include "query/functions/window_plan.h"

namespace firn::query {
namespace {

// What every window gained from its first to its last sample, and the value of the first.
// Entries of steps without a result mean nothing.
void EdgeValues(WindowPlan* plan, std::span<const double> v, const RateSteps& steps, double* gained,
                double* first_v) {
  const std::vector<uint32_t>& first = plan->first();
  const std::vector<uint32_t>& last = plan->last();
  const std::vector<WindowRun>& runs = plan->Runs();
  if (runs.empty()) {
    for (size_t s = 0; s < first.size(); ++s) {
      const bool any = steps.points[s] != PointKind::kAbsent;
      first_v[s] = any ? v[first[s]] : 0;
      gained[s] = any ? v[last[s] - 1] - first_v[s] : 0;
    }
    return;
  }
  const VectorLoops& loops = BestLoops();
  for (const auto& [step, count] : runs) {
    if (steps.points[step] == PointKind::kAbsent) {
      std::fill_n(gained + step, count, 0);
      std::fill_n(first_v + step, count, 0);
      continue;
    }
    const double* const begin = v.data() + first[step];
    std::copy_n(begin, count, first_v + step);
    loops.subtract(v.data() + last[step] - 1, begin, count, gained + step);
  }
}

// Adds what a counter had reached before each reset to the windows that see it, in order.
void AddResets(const WindowPlan& plan, std::span<const double> v, double* gained) {
  if (!BestLoops().any_drop(v.data(), v.size())) return;
  const std::vector<uint32_t>& first = plan.first();
  const std::vector<uint32_t>& last = plan.last();
  size_t begin = 0;
  size_t end = 0;
  for (size_t i = 1; i < v.size(); ++i) {
    if (!(v[i] < v[i - 1])) continue;
    while (begin < last.size() && last[begin] <= i) ++begin;
    while (end < first.size() && first[end] < i) ++end;
    for (size_t s = begin; s < end; ++s) gained[s] += v[i - 1];
  }
}

// For counters that, going on like this, would have been 0 inside a window.
void CutAtZero(RateKind kind, const RangeCall& call, const RateSteps& steps, const double* gained,
               const double* first_v, Row* out) {
  for (size_t s = 0; s < call.grid.count; ++s) {
    if (!(gained[s] > 0 && first_v[s] >= 0)) continue;
    const double to_zero = SecondsSinceZero(steps.sampled[s], first_v[s], gained[s]);
    if (!(to_zero < steps.to_start[s])) continue;
    const Stretch stretch{
        .sampled = steps.sampled[s], .to_start = to_zero, .to_end = steps.to_end[s]};
    out->v[s] = gained[s] * StretchFactor(kind, stretch, call.range);
  }
}

template <RateKind kKind>
Status Extrapolate(const RangeCall& call, const RangeSamples& samples, std::string_view metric,
                   NoteSink* notes, Row* out) {
  WindowPlan own;
  WindowPlan* const plan = samples.plan ? samples.plan : &own;
  if (plan == &own) own.Prepare(call, samples.t);
  const RateSteps& steps = plan->Rates(call, kKind);
  if (!steps.any) return OkStatus();
  const size_t n = call.grid.count;
  plan->scratch().resize(2 * n);
  double* const gained = plan->scratch().data();
  double* const first_v = gained + n;
  EdgeValues(plan, samples.v, steps, gained, first_v);
  out->kind = steps.points;
  if (kKind == RateKind::kDelta) {
    for (size_t s = 0; s < n; ++s) out->v[s] = gained[s] * steps.factor[s];
    return OkStatus();
  }
  AddResets(*plan, samples.v, gained);
  if (BestLoops().scale_gains(gained, first_v, steps.sampled.data(), steps.to_start.data(),
                              steps.factor.data(), n, out->v.data())) {
    CutAtZero(kKind, call, steps, gained, first_v, out);
  }
  if (plan->NewMetric(metric)) NoteNonCounter(metric, notes);
  return OkStatus();
}

template <bool kRate>
Status LastTwo(const RangeCall& call, const RangeSamples& samples, Row* out) {
  const auto v = samples.v;
  ForEachWindow(call, samples, [&](size_t step, size_t first, size_t last) {
    if (last - first < 2) return;
    double value = v[last - 1];
    if (!kRate || !(v[last - 1] < v[last - 2])) value = v[last - 1] - v[last - 2];
    if (kRate) {
      value /= static_cast<double>(samples.t[last - 1] - samples.t[last - 2]) / 1000;
    }
    out->SetFloat(step, value);
  });
  return OkStatus();
}

// Windows count marks between their samples: one prefix sum serves all of them.
template <typename IsMark>
Status CountMarks(const RangeCall& call, const RangeSamples& samples, const IsMark& is_mark,
                  Row* out) {
  std::vector<uint32_t> marks(samples.v.size(), 0);
  for (size_t i = 1; i < marks.size(); ++i) {
    marks[i] = marks[i - 1] + (is_mark(samples.v[i - 1], samples.v[i]) ? 1 : 0);
  }
  ForEachWindow(call, samples, [&](size_t step, size_t first, size_t last) {
    out->SetFloat(step, marks[last - 1] - marks[first]);
  });
  return OkStatus();
}

}  // namespace

Stretch StretchOf(const RateEdges& w) {
  Stretch s;
  s.to_start = w.zero_t ? 0 : static_cast<double>(w.first_t - w.start) / 1000;
  s.to_end = static_cast<double>(w.end - w.last_t) / 1000;
  s.sampled = static_cast<double>(w.last_t - w.zero_t.value_or(w.first_t)) / 1000;
  const double between = static_cast<double>(w.last_t - w.first_t) / 1000;
  const double gap = w.gaps > 0 ? between / static_cast<double>(w.gaps) : 0;
  const double threshold = gap * 1.1;
  if (s.to_start >= threshold) s.to_start = gap / 2;
  if (s.to_end >= threshold) s.to_end = gap / 2;
  return s;
}

double StretchFactor(RateKind kind, const Stretch& s, DurationMs range) {
  double factor = 1;
  if (s.sampled != 0) factor = (s.sampled + s.to_start + s.to_end) / s.sampled;
  if (kind == RateKind::kRate) factor /= static_cast<double>(range) / 1000;
  return factor;
}

double ExtrapolationFactor(RateKind kind, const RateEdges& w, double gained) {
  Stretch s = StretchOf(w);
  if (kind != RateKind::kDelta && gained > 0 && w.first_v >= 0) {
    s.to_start = std::min(s.to_start, SecondsSinceZero(s.sampled, w.first_v, gained));
  }
  return StretchFactor(kind, s, w.range);
}

void NoteNonCounter(std::string_view metric, NoteSink* notes) {
  if (metric.empty()) return;
  for (const std::string_view suffix : {"_total", "_sum", "_count", "_bucket"}) {
    if (metric.ends_with(suffix)) return;
  }
  notes->Info("metric might not be a counter, name does not end in _total/_sum/_count/_bucket: " +
              QuoteGo(metric));
}

Status RateKernel(const RangeCall& call, const RangeSamples& samples, std::string_view metric,
                  NoteSink* notes, Row* out) {
  return Extrapolate<RateKind::kRate>(call, samples, metric, notes, out);
}

Status IncreaseKernel(const RangeCall& call, const RangeSamples& samples, std::string_view metric,
                      NoteSink* notes, Row* out) {
  return Extrapolate<RateKind::kIncrease>(call, samples, metric, notes, out);
}

Status DeltaKernel(const RangeCall& call, const RangeSamples& samples, std::string_view metric,
                   NoteSink* notes, Row* out) {
  return Extrapolate<RateKind::kDelta>(call, samples, metric, notes, out);
}

Status IrateKernel(const RangeCall& call, const RangeSamples& samples, std::string_view, NoteSink*,
                   Row* out) {
  return LastTwo<true>(call, samples, out);
}

Status IdeltaKernel(const RangeCall& call, const RangeSamples& samples, std::string_view, NoteSink*,
                    Row* out) {
  return LastTwo<false>(call, samples, out);
}

Status ChangesKernel(const RangeCall& call, const RangeSamples& samples, std::string_view,
                     NoteSink*, Row* out) {
  return CountMarks(
      call, samples, [](double a, double b) { return a != b && !(std::isnan(a) && std::isnan(b)); },
      out);
}

Status ResetsKernel(const RangeCall& call, const RangeSamples& samples, std::string_view, NoteSink*,
                    Row* out) {
  return CountMarks(
      call, samples, [](double a, double b) { return b < a; }, out);
}

}  // namespace firn::query
