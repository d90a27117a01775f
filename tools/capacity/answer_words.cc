#include "tools/capacity/answer_words.h"

#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/core.h>

#include "tools/cli/human.h"
#include "tools/plot/ticks.h"

namespace firn::tools {
namespace {

using query::Forecast;
using query::ForecastCrossing;

std::string Date(TimestampMs t) { return DateText(static_cast<double>(t) / 1000); }

// In the unit in which `longest` is a number of two digits or so.
struct LengthUnit {
  DurationMs length;
  const char* name;
};
LengthUnit UnitFor(DurationMs longest) {
  if (longest >= 2 * kDayMs) return {kDayMs, "days"};
  if (longest >= 2 * kHourMs) return {kHourMs, "hours"};
  return {kMinuteMs, "minutes"};
}

int64_t CountOf(DurationMs length, const LengthUnit& unit) {
  return std::llround(static_cast<double>(std::max<DurationMs>(length, 0)) /
                      static_cast<double>(unit.length));
}

// "17-34 days", "17 days" if both ends round to that, ">17 days" if the upper end lies beyond the
// horizon.
std::string IntervalWords(const ForecastCrossing& crossing, TimestampMs now) {
  if (!crossing.lower) return "-";
  const LengthUnit unit = UnitFor(crossing.upper.value_or(*crossing.lower) - now);
  const int64_t lower = CountOf(*crossing.lower - now, unit);
  if (!crossing.upper) return fmt::format(">{} {}", lower, unit.name);
  const int64_t upper = CountOf(*crossing.upper - now, unit);
  if (upper == lower) return fmt::format("{} {}", lower, unit.name);
  return fmt::format("{}-{} {}", lower, upper, unit.name);
}

std::string Percent(double share) {
  if (share > 0 && share < 0.01) return "<1 %";
  if (share > 0.99 && share < 1) return ">99 %";
  return fmt::format("{:.0f} %", share * 100);
}

std::string Sentence(const ForecastCrossing& crossing, const CapacityQuestion& question,
                     TimestampMs now) {
  const std::string horizon = LengthWords(question.horizon);
  if (crossing.reached_already) return "the limit is reached now";
  if (crossing.probability == 0) return fmt::format("not within {}", horizon);
  const std::string interval =
      crossing.lower
          ? fmt::format(", {:.0f} %: {}", question.confidence * 100, IntervalWords(crossing, now))
          : "";
  if (!crossing.median) {
    return fmt::format("within {} in {} of runs{}", horizon, Percent(crossing.probability),
                       interval);
  }
  std::string out = fmt::format("in {}{}", LengthWords(*crossing.median - now), interval);
  if (crossing.probability < 1) {
    out += fmt::format("; not within {} in {} of runs", horizon, Percent(1 - crossing.probability));
  }
  return out;
}

std::string SeasonName(DurationMs period) {
  if (period == kDayMs) return "day";
  if (period == 7 * kDayMs) return "week";
  return LengthWords(period);
}

// A growth that takes years to show is none.
std::string GrowthWords(const CapacityInput& input, const Forecast& forecast, Unit unit) {
  if (forecast.verdict == query::ForecastVerdict::kTooShort) return "-";
  constexpr double kLeast = 1e-4;
  const double size = std::max(std::fabs(input.current), std::fabs(input.limit_now.value_or(0)));
  if (std::fabs(forecast.trend_per_week) < kLeast * size) return "~0";
  return FormatChange(forecast.trend_per_week, unit);
}

void AddCrossing(const CapacityInputs& inputs, const Forecast& forecast, AnswerWords* words) {
  words->date = words->in = words->interval = words->chance = "-";
  if (!forecast.crossing) return;
  const ForecastCrossing& crossing = *forecast.crossing;
  words->sentence = Sentence(crossing, inputs.question, inputs.now);
  words->chance = Percent(crossing.probability);
  if (crossing.reached_already) {
    words->date = "now";
    words->chance = "100 %";
    return;
  }
  words->interval = IntervalWords(crossing, inputs.now);
  if (crossing.median) {
    words->date = Date(*crossing.median);
    words->in = LengthWords(std::max<DurationMs>(*crossing.median - inputs.now, 0));
  } else {
    words->date = "not expected";
  }
}

}  // namespace

Urgency UrgencyOf(const Forecast& forecast) {
  if (!forecast.crossing) return Urgency::kUnknown;
  if (forecast.crossing->reached_already) return Urgency::kReached;
  if (forecast.crossing->median) return Urgency::kLikely;
  return forecast.crossing->probability > 0 ? Urgency::kPossible : Urgency::kNone;
}

const UrgencyLook& LookFor(Urgency urgency) {
  // In the order of the enumeration.
  static constexpr std::array kLooks = {UrgencyLook{"reached", "reached", Style::kRed},
                                        UrgencyLook{"likely", "likely", Style::kYellow},
                                        UrgencyLook{"possible", "possible", Style::kCyan},
                                        UrgencyLook{"not expected", "none", Style::kGreen},
                                        UrgencyLook{"unknown", "unknown", Style::kDim}};
  static_assert(kLooks.size() == static_cast<size_t>(Urgency::kUnknown) + 1);
  return kLooks[static_cast<size_t>(urgency)];
}

std::string SeriesName(const Labels& labels) { return labels.empty() ? "all" : labels.ToString(); }

SeriesNames ShortNames(const CapacityInputs& inputs) {
  SeriesNames out;
  std::vector<std::string> common;
  if (inputs.series.size() > 1) {
    for (const auto& label : inputs.series[0].labels) {
      const bool shared = std::all_of(
          inputs.series.begin(), inputs.series.end(),
          [&](const CapacityInput& input) { return input.labels.Get(label.name) == label.value; });
      if (shared) common.emplace_back(label.name);
    }
    out.common = common.empty()
                     ? ""
                     : SeriesName(LabelsBuilder(inputs.series[0].labels).Keep(common).Build());
  }
  for (const CapacityInput& input : inputs.series) {
    out.names.push_back(SeriesName(LabelsBuilder(input.labels).Drop(common).Build()));
  }
  return out;
}

AxisUnit AxisFor(const CapacityInput& input, Unit unit) {
  if (unit == Unit::kRatio) return {.scale = 0.01, .suffix = " %"};
  if (unit != Unit::kBytes) return {};
  double largest = std::fabs(input.limit_now.value_or(0));
  for (const double v : input.values) {
    if (std::isfinite(v)) largest = std::max(largest, std::fabs(v));
  }
  static constexpr std::array kSuffixes = {" B", " KiB", " MiB", " GiB", " TiB", " PiB"};
  AxisUnit axis{.scale = 1, .suffix = " B"};
  for (size_t i = 0; i + 1 < kSuffixes.size() && largest >= 2 * 1024 * axis.scale; ++i) {
    axis = {.scale = axis.scale * 1024, .suffix = kSuffixes[i + 1]};
  }
  return axis;
}

AnswerWords WordsOf(const CapacityInputs& inputs, const CapacityInput& input,
                    const Forecast& forecast) {
  const Unit unit = inputs.question.unit;
  AnswerWords words;
  words.series = SeriesName(input.labels);
  words.current = FormatQuantity(input.current, unit);
  words.limit = input.limit_now ? FormatQuantity(*input.limit_now, unit) : "-";
  words.growth = GrowthWords(input, forecast, unit);
  for (const query::ForecastSeason& season : forecast.seasons) {
    words.seasons += (words.seasons.empty() ? "" : ", ") + SeasonName(season.period);
  }
  if (words.seasons.empty()) words.seasons = "none";
  words.mase = forecast.backtest ? fmt::format("{:.2f}", forecast.backtest->mase) : "-";
  words.coverage = forecast.backtest ? Percent(forecast.backtest->coverage) : "-";
  words.urgency = UrgencyOf(forecast);
  AddCrossing(inputs, forecast, &words);
  return words;
}

std::string ShiftWords(const Forecast& before, const Forecast& after, DurationMs horizon) {
  if (!before.crossing || !after.crossing) return "-";
  const auto& from = before.crossing->median;
  const auto& to = after.crossing->median;
  const std::string beyond = "beyond " + LengthWords(horizon);
  if (!from && !to) return "none expected";
  if (!to) return fmt::format("later, {}", beyond);
  if (!from) return fmt::format("sooner, was {}", beyond);
  const DurationMs shift = *to - *from;
  if (std::abs(shift) < kMinuteMs) return "none";
  return fmt::format("{} {}", LengthWords(std::abs(shift)), shift > 0 ? "later" : "sooner");
}

}  // namespace firn::tools
