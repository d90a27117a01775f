#include "query/functions/window_plan.h"

#include <algorithm>

#include "base/check.h"

namespace firn::query {

void WindowPlan::Prepare(const RangeCall& call, std::span<const TimestampMs> t) {
  if (planned_ && std::ranges::equal(t, t_)) return;
  planned_ = true;
  rates_planned_ = runs_planned_ = false;
  t_.assign(t.begin(), t.end());
  first_.resize(call.grid.count);
  last_.resize(call.grid.count);
  seen_ = 0;
  uint32_t first = 0;
  uint32_t last = 0;
  TimestampMs end = call.grid.start - call.offset;
  for (size_t step = 0; step < call.grid.count; ++step, end += call.grid.step) {
    const TimestampMs start = end - call.range;
    while (last < t.size() && t[last] <= end) ++last;
    while (first < last && t[first] <= start) ++first;
    first_[step] = first;
    last_[step] = last;
    seen_ += last - first;
  }
}

const RateSteps& WindowPlan::Rates(const RangeCall& call, RateKind kind) {
  if (rates_planned_) {
    FIRN_DCHECK(rates_.kind == kind);
    return rates_;
  }
  rates_planned_ = true;
  const size_t steps = call.grid.count;
  rates_.kind = kind;
  rates_.any = false;
  rates_.points.resize(steps);
  for (auto* column : {&rates_.sampled, &rates_.to_start, &rates_.to_end, &rates_.factor}) {
    column->resize(steps);
  }
  for (size_t step = 0; step < steps; ++step) {
    const size_t first = first_[step];
    const size_t last = last_[step];
    rates_.points[step] = PointKind::kAbsent;
    if (last - first < 2) continue;
    rates_.points[step] = PointKind::kFloat;
    rates_.any = true;
    const TimestampMs end = call.grid.At(step) - call.offset;
    const Stretch stretch = StretchOf({.zero_t = std::nullopt,
                                       .first_t = t_[first],
                                       .last_t = t_[last - 1],
                                       .start = end - call.range,
                                       .end = end,
                                       .gaps = last - first - 1,
                                       .first_v = 0,
                                       .range = call.range});
    rates_.sampled[step] = stretch.sampled;
    rates_.to_start[step] = stretch.to_start;
    rates_.to_end[step] = stretch.to_end;
    rates_.factor[step] = StretchFactor(kind, stretch, call.range);
  }
  return rates_;
}

const std::vector<WindowRun>& WindowPlan::Runs() {
  if (runs_planned_) return runs_;
  runs_planned_ = true;
  runs_.clear();
  const auto steps = static_cast<uint32_t>(first_.size());
  for (uint32_t begin = 0; begin < steps;) {
    uint32_t end = begin + 1;
    while (end < steps && first_[end] == first_[end - 1] + 1 && last_[end] == last_[end - 1] + 1) {
      ++end;
    }
    runs_.push_back({begin, end - begin});
    begin = end;
  }
  constexpr size_t kStepsPerRunMin = 8;
  if (runs_.size() * kStepsPerRunMin > steps) runs_.clear();
  return runs_;
}

bool WindowPlan::NewMetric(std::string_view metric) {
  if (has_metric_ && metric_ == metric) return false;
  has_metric_ = true;
  metric_ = metric;
  return true;
}

}  // namespace firn::query
