#include "query/forecast/forecast_words.h"

#include <cmath>

#include <fmt/core.h>

namespace firn::query {

namespace {

constexpr struct {
  DurationMs length;
  const char* name;
} kUnits[] = {
    {365 * kDayMs, "y"}, {kDayMs, "d"}, {kHourMs, "h"}, {kMinuteMs, "m"}, {kSecondMs, "s"}};

std::string Percent(double share) {
  const double percent = share * 100;
  if (percent > 0 && percent < 1) return "less than 1 %";
  if (percent > 99 && percent < 100) return "more than 99 %";
  return fmt::format("{:.0f} %", percent);
}

}  // namespace

const char* VerdictName(ForecastVerdict verdict) {
  switch (verdict) {
    case ForecastVerdict::kOk:
      return "ok";
    case ForecastVerdict::kTooShort:
      return "too_short";
    case ForecastVerdict::kConstant:
      return "constant";
    case ForecastVerdict::kUnpredictable:
      return "unpredictable";
  }
  return "";
}

std::string RoughDuration(DurationMs duration) {
  const std::string sign = duration < 0 ? "-" : "";
  DurationMs left = duration < 0 ? -duration : duration;
  for (size_t i = 0; i < std::size(kUnits); ++i) {
    const DurationMs count = left / kUnits[i].length;
    if (count == 0) continue;
    std::string text = fmt::format("{}{} {}", sign, count, kUnits[i].name);
    // A second unit only where it changes the picture.
    if (count < 10 && i + 1 < std::size(kUnits)) {
      left -= count * kUnits[i].length;
      const DurationMs second = left / kUnits[i + 1].length;
      if (second > 0) text += fmt::format(" {} {}", second, kUnits[i + 1].name);
    }
    return text;
  }
  return "0 s";
}

std::string CrossingWords(const Forecast& forecast, const ForecastOptions& options,
                          TimestampMs now) {
  if (!forecast.crossing) return "";
  const ForecastCrossing& crossing = *forecast.crossing;
  if (crossing.reached_already) return "reached already";
  const std::string horizon = RoughDuration(options.horizon);
  if (crossing.probability == 0) return fmt::format("not within {}", horizon);
  const std::string never =
      crossing.probability < 1
          ? fmt::format("; not within {} in {} of runs", horizon, Percent(1 - crossing.probability))
          : "";
  const auto after = [&](const std::optional<TimestampMs>& t) {
    return t ? RoughDuration(std::max<DurationMs>(*t - now, 0)) : "more than " + horizon;
  };
  const std::string interval = fmt::format("{:.0f} %: {} to {}", options.confidence * 100,
                                           after(crossing.lower), after(crossing.upper));
  if (!crossing.median) {
    return fmt::format("within {} in {} of runs; {}", horizon, Percent(crossing.probability),
                       interval);
  }
  return fmt::format("in {}, {}{}", after(crossing.median), interval, never);
}

}  // namespace firn::query
