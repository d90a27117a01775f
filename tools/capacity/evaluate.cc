#include "tools/capacity/evaluate.h"

#include <algorithm>
#include <cmath>
#include <span>

#include <fmt/core.h>

#include "base/duration.h"
#include "query/forecast/forecast.h"
#include "tools/capacity/history/limit_index.h"
#include "tools/plot/ticks.h"

namespace firn::tools {
namespace {

// Between two reports of progress; some threads are idle at the end of each.
constexpr size_t kForecastBatch = 256;
// A series that has been silent for this part of the history has ended.
constexpr int64_t kSilentPart = 50;

std::optional<size_t> LastKnown(const std::vector<double>& values) {
  for (size_t i = values.size(); i-- > 0;) {
    if (std::isfinite(values[i])) return i;
  }
  return std::nullopt;
}

size_t NewestPoint(const History& history) {
  size_t newest = 0;
  for (const HistorySeries& series : history.series) {
    newest = std::max(newest, LastKnown(series.values).value_or(0));
  }
  return newest;
}

query::LimitDirection Chosen(Direction asked, const CapacityInput& input) {
  if (asked == Direction::kFalling) return query::LimitDirection::kFalling;
  if (asked == Direction::kRising) return query::LimitDirection::kRising;
  for (size_t i = 0; i < input.values.size(); ++i) {
    const double limit = input.limits.empty() ? input.limit.value_or(NAN) : input.limits[i];
    if (input.values[i] <= limit) return query::LimitDirection::kRising;
  }
  return query::LimitDirection::kFalling;
}

HistoryQuestion GridOf(const CapacityQuestion& question, const std::string& expression,
                       TimestampMs end) {
  const DurationMs step = question.step > 0 ? question.step : HistoryStep(question.history);
  const TimestampMs last = FloorTo(end, step);
  return {.expression = expression,
          .start = last - question.history / step * step + step,
          .end = last,
          .step = step};
}

Status CheckQuestion(const CapacityQuestion& question) {
  const DurationMs step = question.step > 0 ? question.step : HistoryStep(question.history);
  if (question.history < 2 * step) {
    return InvalidArgument("a history of {} holds no two steps of {}",
                           FormatDuration(question.history), FormatDuration(step));
  }
  constexpr int64_t kPointsMax = 1'000'000;
  if (question.history / step > kPointsMax) {
    return InvalidArgument("a history of {} has too many steps of {}; make the steps longer",
                           FormatDuration(question.history), FormatDuration(step));
  }
  return OkStatus();
}

// Limits of all series, from an amount or from another question.
class Limits {
 public:
  Status Read(const CapacityQuestion& question, const HistorySource& source,
              const HistoryQuestion& grid) {
    if (question.limit.empty()) return OkStatus();
    asked_ = true;
    constant_ = ParseQuantity(question.limit);
    if (constant_) return OkStatus();
    HistoryQuestion of_limit = grid;
    of_limit.expression = question.limit;
    of_limit.series_max = 0;  // It may be of more things than are asked about.
    auto read = source.read(of_limit);
    if (!read.ok()) return read.status().WithContext("limit");
    history_ = *std::move(read);
    index_.emplace(history_.series);
    if (!history_.series.empty()) return OkStatus();
    return NotFound("the limit {} has no value within the history", question.limit);
  }

  // False if the series has no limit although one was asked for.
  Result<bool> Apply(CapacityInput* input) {
    if (!asked_) return true;
    if (constant_) {
      input->limit = input->limit_now = constant_;
      return true;
    }
    FIRN_ASSIGN_OR_RETURN(const HistorySeries* limit, index_->Find(input->labels));
    if (limit == nullptr) return false;
    // Cut as the series is.
    input->limits.assign(limit->values.begin(),
                         limit->values.begin() + static_cast<int64_t>(input->values.size()));
    const auto last = LastKnown(input->limits);
    if (!last) return false;
    input->limit_now = input->limits[*last];
    return true;
  }

 private:
  bool asked_ = false;
  std::optional<double> constant_;
  History history_;
  std::optional<LimitIndex> index_;  // Of its series.
};

Status AddSeries(History history, Limits* limits, CapacityInputs* inputs) {
  const size_t points = NewestPoint(history) + 1;
  const size_t silent_max = std::max<size_t>(6, points / kSilentPart);
  size_t ended = 0;
  size_t without_limit = 0;
  for (HistorySeries& series : history.series) {
    series.values.resize(points);
    const auto last = LastKnown(series.values);
    if (!last) continue;
    if (points - 1 - *last > silent_max) {
      ++ended;
      continue;
    }
    CapacityInput input{.labels = series.labels, .values = std::move(series.values)};
    input.current = input.values[*last];
    FIRN_ASSIGN_OR_RETURN(const bool limited, limits->Apply(&input));
    if (!limited) {
      ++without_limit;
      continue;
    }
    input.direction = Chosen(inputs->question.direction, input);
    inputs->series.push_back(std::move(input));
  }
  if (ended > 0) {
    inputs->notes.push_back(
        fmt::format("left out: {} series that ended before {}", ended,
                    DateText(static_cast<double>(
                        (history.start + static_cast<DurationMs>(points) * history.step) / 1000))));
  }
  if (without_limit > 0) {
    inputs->notes.push_back(
        fmt::format("left out: {} series that the limit has no value for", without_limit));
  }
  if (!inputs->series.empty()) return OkStatus();
  return NotFound("no series is left of {}: {}", inputs->question.expression,
                  inputs->notes.empty() ? "none has a value" : inputs->notes.back());
}

void DropPoints(query::Forecast* forecast) {
  for (auto* points : {&forecast->observed, &forecast->fitted, &forecast->median, &forecast->lower,
                       &forecast->upper, &forecast->limit}) {
    std::vector<double>().swap(*points);
  }
}

}  // namespace

std::string EffectiveExpression(const CapacityQuestion& question) {
  if (question.by.empty()) return question.expression;
  std::string labels;
  for (const std::string& label : question.by) labels += (labels.empty() ? "" : ", ") + label;
  return fmt::format("{} by ({}) ({})", question.aggregate, labels, question.expression);
}

Result<CapacityInputs> ReadInputs(const CapacityQuestion& question, const HistorySource& source,
                                  TimestampMs now) {
  FIRN_RETURN_IF_ERROR(CheckQuestion(question));
  CapacityInputs inputs{.question = question, .now = now};
  // A directory that was copied long ago has a present of its own.
  if (source.newest && *source.newest < now) inputs.now = *source.newest;
  HistoryQuestion grid = GridOf(question, EffectiveExpression(question), inputs.now);
  grid.series_max = question.series_max;
  FIRN_ASSIGN_OR_RETURN(History history, source.read(grid));
  if (history.series.empty()) {
    return NotFound("{} has no value between {} and {}; try it with `firn query`", grid.expression,
                    MinuteText(static_cast<double>(grid.start / 1000)),
                    MinuteText(static_cast<double>(grid.end / 1000)));
  }
  Limits limits;
  FIRN_RETURN_IF_ERROR(limits.Read(question, source, grid));
  inputs.start = history.start;
  inputs.step = history.step;
  inputs.notes = history.notes;
  const TimestampMs newest =
      history.start + static_cast<DurationMs>(NewestPoint(history)) * history.step;
  if (inputs.now - newest > std::max<DurationMs>(kHourMs, 3 * history.step)) {
    inputs.notes.push_back(
        fmt::format("the newest value is of {}", MinuteText(static_cast<double>(newest / 1000))));
  }
  FIRN_RETURN_IF_ERROR(AddSeries(std::move(history), &limits, &inputs));
  return inputs;
}

query::ForecastOptions OptionsFor(const CapacityInputs& inputs, const CapacityInput& input,
                                  const Scenario& scenario) {
  query::ForecastOptions options;
  options.horizon = inputs.question.horizon;
  options.confidence = inputs.question.confidence;
  options.load_changes = scenario.load_changes;
  options.limit_changes = scenario.limit_changes;
  if (!input.limits.empty()) {
    options.limit = query::ForecastLimit{.values = input.limits, .direction = input.direction};
  } else if (input.limit) {
    options.limit = query::ForecastLimit{.value = *input.limit, .direction = input.direction};
  }
  return options;
}

Result<Forecasts> ForecastAll(const CapacityInputs& inputs, const Scenario& scenario,
                              const ForecastWork& work) {
  Forecasts out;
  out.reserve(inputs.series.size());
  while (out.size() < inputs.series.size()) {
    std::vector<query::ForecastInput> series;
    std::vector<query::ForecastOptions> options;
    for (const CapacityInput& input :
         std::span(inputs.series)
             .subspan(out.size())
             .first(std::min(kForecastBatch, inputs.series.size() - out.size()))) {
      series.push_back({.start = inputs.start, .step = inputs.step, .values = input.values});
      options.push_back(OptionsFor(inputs, input, scenario));
    }
    for (Result<query::Forecast>& forecast : query::MakeForecasts(series, options, work.pool)) {
      if (!forecast.ok()) return forecast.status();
      out.push_back(*std::move(forecast));
      if (out.size() > work.points_of) DropPoints(&out.back());
    }
    if (work.progress) work.progress(out.size(), inputs.series.size());
  }
  return out;
}

}  // namespace firn::tools
