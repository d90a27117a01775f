#include "engine/head/registry/series_limiter.h"

#include <algorithm>
#include <utility>

#include "base/time.h"

namespace firn::engine {
namespace {

std::string_view ValueOf(std::span<const LabelView> sorted, std::string_view name) {
  const auto it = std::ranges::find(sorted, name, &LabelView::name);
  return it == sorted.end() ? std::string_view() : it->value;
}

template <typename Counts>
size_t CountOf(const Counts& counts, std::string_view key) {
  const auto it = counts.find(key);
  return it == counts.end() ? 0 : it->second;
}

template <typename Counts>
void Decrement(Counts* counts, std::string_view key) {
  const auto it = counts->find(key);
  if (it != counts->end() && --it->second == 0) counts->erase(it);
}

std::vector<LabelView> Views(const Labels& labels) {
  return std::vector<LabelView>(labels.begin(), labels.end());
}

// Whether more is counted than how many series there are.
bool CountLabels(const SeriesLimits& limits) {
  return limits.per_metric_max != 0 || !limits.per_label.empty() || limits.label_values_max != 0;
}

}  // namespace

std::string_view SeriesLimitName(SeriesLimitKind kind) {
  switch (kind) {
    case SeriesLimitKind::kActive:
      return "series_max";
    case SeriesLimitKind::kMetric:
      return "series_max_per_metric";
    case SeriesLimitKind::kLabel:
      return "series_max_per_label";
    case SeriesLimitKind::kLabelValues:
      return "label_values_max";
    case SeriesLimitKind::kNewPerHour:
      return "new_series_per_hour_max";
  }
  return "";
}

void SeriesLimiter::Restart(SeriesLimits limits) {
  MutexLock lock(&mutex_);
  limits_ = std::move(limits);
  active_ = 0;
  by_metric_.clear();
  by_label_.assign(limits_.per_label.size(), {});
  values_.clear();
}

void SeriesLimiter::Count(const Labels& labels) {
  MutexLock lock(&mutex_);
  if (CountLabels(limits_)) return Add(Views(labels));
  ++active_;
}

Status SeriesLimiter::Admit(std::span<const LabelView> sorted) {
  MutexLock lock(&mutex_);
  TurnTo(clock_->NowMs() / kMinuteMs);
  SeriesLimitKind kind = SeriesLimitKind::kActive;
  if (Status status = Check(sorted, &kind); !status.ok()) {
    ++refused_[static_cast<size_t>(kind)];
    return status;
  }
  Add(sorted);
  ++new_by_minute_[static_cast<size_t>(minute_) % kMinutes];
  ++new_in_hour_;
  return OkStatus();
}

Status SeriesLimiter::Check(std::span<const LabelView> sorted, SeriesLimitKind* kind) {
  const auto reached = [kind](SeriesLimitKind which, size_t limit, size_t have) {
    *kind = which;
    return limit != 0 && have >= limit;
  };
  if (reached(SeriesLimitKind::kActive, limits_.active_max, active_)) {
    return ResourceExhausted("the limit of {} active series is reached (series_max)",
                             limits_.active_max);
  }
  if (limits_.per_metric_max != 0) {
    const std::string_view metric = ValueOf(sorted, kMetricName);
    if (reached(SeriesLimitKind::kMetric, limits_.per_metric_max, CountOf(by_metric_, metric))) {
      return ResourceExhausted(
          "metric {} has reached the limit of {} active series (series_max_per_metric)", metric,
          limits_.per_metric_max);
    }
  }
  for (size_t i = 0; i < by_label_.size(); ++i) {
    const auto& [label, most] = limits_.per_label[i];
    const std::string_view value = ValueOf(sorted, label);
    if (value.empty()) continue;
    if (reached(SeriesLimitKind::kLabel, most, CountOf(by_label_[i], value))) {
      return ResourceExhausted(
          "series with {}={} have reached the limit of {} (series_max_per_label)", label,
          QuoteGo(value), most);
    }
  }
  if (limits_.label_values_max != 0) {
    for (const LabelView& label : sorted) {
      const auto it = values_.find(label.name);
      if (it == values_.end() || it->second.contains(label.value)) continue;
      if (reached(SeriesLimitKind::kLabelValues, limits_.label_values_max, it->second.size())) {
        return ResourceExhausted(
            "label {} has reached the limit of {} values (label_values_max); give it fewer values "
            "or drop it by relabelling",
            label.name, limits_.label_values_max);
      }
    }
  }
  if (reached(SeriesLimitKind::kNewPerHour, limits_.new_per_hour_max, new_in_hour_)) {
    return ResourceExhausted(
        "{} series became known within an hour, the limit (new_series_per_hour_max)",
        limits_.new_per_hour_max);
  }
  return OkStatus();
}

void SeriesLimiter::Add(std::span<const LabelView> sorted) {
  ++active_;
  if (limits_.per_metric_max != 0) ++by_metric_[std::string(ValueOf(sorted, kMetricName))];
  for (size_t i = 0; i < by_label_.size(); ++i) {
    const std::string_view value = ValueOf(sorted, limits_.per_label[i].label);
    if (!value.empty()) ++by_label_[i][std::string(value)];
  }
  if (limits_.label_values_max == 0) return;
  for (const LabelView& label : sorted) {
    ++values_[std::string(label.name)][std::string(label.value)];
  }
}

void SeriesLimiter::Forget(const Labels& labels) {
  MutexLock lock(&mutex_);
  --active_;
  if (!CountLabels(limits_)) return;
  const std::vector<LabelView> views = Views(labels);
  if (limits_.per_metric_max != 0) Decrement(&by_metric_, ValueOf(views, kMetricName));
  for (size_t i = 0; i < by_label_.size(); ++i) {
    Decrement(&by_label_[i], ValueOf(views, limits_.per_label[i].label));
  }
  if (limits_.label_values_max == 0) return;
  for (const LabelView& label : views) {
    const auto it = values_.find(label.name);
    if (it == values_.end()) continue;
    Decrement(&it->second, label.value);
    if (it->second.empty()) values_.erase(it);
  }
}

void SeriesLimiter::TurnTo(int64_t minute) {
  // A clock that was set back continues the minute it was in.
  if (minute - minute_ >= static_cast<int64_t>(kMinutes)) {
    new_by_minute_.fill(0);
    new_in_hour_ = 0;
    minute_ = minute;
  }
  while (minute_ < minute) {
    size_t& oldest = new_by_minute_[static_cast<size_t>(++minute_) % kMinutes];
    new_in_hour_ -= std::exchange(oldest, 0);
  }
}

std::array<uint64_t, kSeriesLimitKinds> SeriesLimiter::refused() const {
  MutexLock lock(&mutex_);
  return refused_;
}

}  // namespace firn::engine
