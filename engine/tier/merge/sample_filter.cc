#include "engine/tier/merge/sample_filter.h"

#include <algorithm>

namespace firn::engine {
namespace {

// Keeps what lies in none of the ranges. Both lists ascend.
template <typename V>
void RemoveFrom(const TimeRanges& hidden, std::vector<TimestampMs>* t, std::vector<V>* v,
                std::vector<TimestampMs>* start) {
  if (t->empty() || t->back() < hidden.front().min || t->front() > hidden.back().max) return;
  size_t kept = 0;
  auto range = hidden.begin();
  for (size_t i = 0; i < t->size(); ++i) {
    while (range != hidden.end() && range->max < (*t)[i]) ++range;
    if (range != hidden.end() && range->Contains((*t)[i])) continue;
    if (kept != i) {
      (*t)[kept] = (*t)[i];
      (*v)[kept] = std::move((*v)[i]);
      if (!start->empty()) (*start)[kept] = (*start)[i];
    }
    ++kept;
  }
  t->resize(kept);
  v->resize(kept);
  if (!start->empty()) start->resize(kept);
}

}  // namespace

TimeRanges JoinRanges(TimeRanges ranges) {
  std::sort(ranges.begin(), ranges.end(),
            [](const TimeRange& a, const TimeRange& b) { return a.min < b.min; });
  TimeRanges out;
  for (const TimeRange& range : ranges) {
    const bool touches =
        !out.empty() && (range.min <= out.back().max || range.min == kMinTimestamp ||
                         range.min - 1 == out.back().max);
    if (touches) {
      out.back().max = std::max(out.back().max, range.max);
    } else {
      out.push_back(range);
    }
  }
  return out;
}

void SampleFilter::AddTombstone(std::shared_ptr<const Tombstone> tombstone) {
  tombstones_.push_back(std::move(tombstone));
}

void SampleFilter::AddRule(Matchers matchers, TimestampMs before) {
  rules_.push_back({std::move(matchers), before});
}

bool SampleFilter::Affects(const TimeRange& range) const {
  const auto before = [&](TimestampMs t) { return t > range.min; };
  return before(others_before_) ||
         std::any_of(rules_.begin(), rules_.end(),
                     [&](const Rule& rule) { return before(rule.before); }) ||
         std::any_of(tombstones_.begin(), tombstones_.end(),
                     [&](const auto& tombstone) { return tombstone->range.Overlaps(range); });
}

TimeRanges SampleFilter::Hidden(const Labels& labels) const {
  TimeRanges ranges;
  TimestampMs before = others_before_;
  for (const Rule& rule : rules_) {
    if (!MatchesAll(rule.matchers, labels)) continue;
    before = rule.before;
    break;
  }
  if (before != kMinTimestamp) ranges.push_back({kMinTimestamp, before - 1});
  for (const auto& tombstone : tombstones_) {
    if (MatchesAll(tombstone->matchers, labels)) ranges.push_back(tombstone->range);
  }
  return JoinRanges(std::move(ranges));
}

bool SampleFilter::HidesAll(const Labels& labels, const TimeRange& range) const {
  const TimeRanges hidden = Hidden(labels);
  return std::any_of(hidden.begin(), hidden.end(),
                     [&](const TimeRange& h) { return h.min <= range.min && range.max <= h.max; });
}

void RemoveTimes(const TimeRanges& hidden, SampleColumns* columns) {
  if (hidden.empty()) return;
  RemoveFrom(hidden, &columns->t, &columns->v, &columns->st);
  RemoveFrom(hidden, &columns->ht, &columns->h, &columns->hst);
}

}  // namespace firn::engine
