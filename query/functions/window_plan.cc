#include "query/functions/window_plan.h"

#include <algorithm>

#include "base/check.h"
#include "query/functions/vector_loops.h"

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
  rates_.points.resize(steps);
  gaps_.resize(steps);
  for (auto* column : {&rates_.sampled, &rates_.to_start, &rates_.to_end, &rates_.factor}) {
    column->resize(steps);
  }
  size_t results = 0;
  TimestampMs end = call.grid.start - call.offset;
  for (size_t step = 0; step < steps; ++step, end += call.grid.step) {
    const uint32_t first = first_[step];
    const uint32_t last = last_[step];
    const bool result = last - first >= 2;
    results += result;
    rates_.points[step] = result ? PointKind::kFloat : PointKind::kAbsent;
    // Without a result: numbers that nothing comes of.
    rates_.sampled[step] = result ? static_cast<double>(t_[last - 1] - t_[first]) : 0;
    rates_.to_start[step] = result ? static_cast<double>(t_[first] - (end - call.range)) : 0;
    rates_.to_end[step] = result ? static_cast<double>(end - t_[last - 1]) : 0;
    gaps_[step] = result ? static_cast<double>(last - first - 1) : 1;
  }
  rates_.any = results > 0;
  const double divisor = kind == RateKind::kRate ? static_cast<double>(call.range) / 1000 : 1;
  BestLoops().stretch(gaps_.data(), divisor, steps, rates_.to_start.data(), rates_.to_end.data(),
                      rates_.sampled.data(), rates_.factor.data());
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
