#include "tools/capacity/history.h"

#include <algorithm>
#include <array>
#include <limits>

namespace firn::tools {

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

HistoryBuilder::HistoryBuilder(const HistoryQuestion& question) {
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

History HistoryBuilder::Take() {
  for (auto& [labels, values] : values_) history_.series.push_back({labels, std::move(values)});
  values_.clear();
  return std::move(history_);
}

}  // namespace firn::tools
