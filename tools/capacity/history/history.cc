#include "tools/capacity/history/history.h"

#include <algorithm>
#include <array>
#include <limits>

namespace firn::tools {

namespace {

// By how much a slice may be longer than the one before, which told how many series there are.
constexpr int64_t kGrowth = 100;

}  // namespace

DurationMs HistoryStep(DurationMs history) {
  struct Choice {
    DurationMs up_to;
    DurationMs step;
  };
  static constexpr std::array kChoices = {Choice{2 * kDayMs, kMinuteMs},
                                          Choice{14 * kDayMs, 5 * kMinuteMs},
                                          Choice{45 * kDayMs, 15 * kMinuteMs}};
  for (const Choice& choice : kChoices) {
    if (history <= choice.up_to) return choice.step;
  }
  return kHourMs;
}

HistoryBuilder::HistoryBuilder(const HistoryQuestion& question) : series_max_(question.series_max) {
  history_.start = question.start;
  history_.step = question.step;
  history_.points = static_cast<size_t>((question.end - question.start) / question.step) + 1;
}

std::vector<double>* HistoryBuilder::Series(const Labels& labels) {
  const auto [at, is_new] = values_.try_emplace(labels);
  if (is_new) at->second.assign(history_.points, std::numeric_limits<double>::quiet_NaN());
  return &at->second;
}

void HistoryBuilder::Set(std::vector<double>* values, TimestampMs t, double v) const {
  const DurationMs since = t - history_.start;
  if (since < 0 || since % history_.step != 0) return;
  const auto i = static_cast<size_t>(since / history_.step);
  if (i < values->size()) (*values)[i] = v;
}

void HistoryBuilder::Note(const std::string& note) {
  auto& notes = history_.notes;
  if (std::find(notes.begin(), notes.end(), note) == notes.end()) notes.push_back(note);
}

Status HistoryBuilder::Check() const {
  if (series_max_ == 0 || values_.size() <= series_max_) return OkStatus();
  return ResourceExhausted(
      "at least {} series, more than {}: aggregate with --by, choose with matchers, or raise "
      "--series-max",
      values_.size(), series_max_);
}

History HistoryBuilder::Take() {
  for (auto& [labels, values] : values_) history_.series.push_back({labels, std::move(values)});
  values_.clear();
  return std::move(history_);
}

Result<History> ReadInSlices(const HistoryQuestion& question, const SliceLimits& limits,
                             const SliceReader& read, const HistoryProgress& progress) {
  HistoryBuilder builder(question);
  const int64_t points = (question.end - question.start) / question.step + 1;
  int64_t left = points;
  int64_t count = 1;
  while (left > 0) {
    count = std::min(count, left);
    HistoryQuestion slice = question;
    slice.end = question.start + (left - 1) * question.step;
    slice.start = slice.end - (count - 1) * question.step;
    FIRN_RETURN_IF_ERROR(read(slice, &builder));
    FIRN_RETURN_IF_ERROR(builder.Check());
    left -= count;
    // Those that ended before the newest point count once they are met.
    const auto series = static_cast<int64_t>(std::max<size_t>(builder.series(), 1));
    // The newest point may lie in a gap of all of them.
    const int64_t points_max = std::min(limits.points_max, kGrowth * count);
    count = std::clamp<int64_t>(limits.values_max / series, 1, points_max);
    if (progress) progress(static_cast<uint64_t>(points - left), static_cast<uint64_t>(points));
  }
  return builder.Take();
}

}  // namespace firn::tools
