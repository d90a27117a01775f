#include "tools/plot/ticks.h"

#include <array>
#include <cmath>
#include <cstdint>
#include <ctime>

#include <fmt/core.h>

namespace firn::tools {
namespace {

constexpr double kMinute = 60;
constexpr double kHour = 3600;
constexpr double kDay = 86400;

constexpr std::array kSteps = {kMinute, 2 * kMinute, 5 * kMinute, 10 * kMinute, 30 * kMinute,
                               kHour,   2 * kHour,   3 * kHour,   6 * kHour,    12 * kHour,
                               kDay,    2 * kDay,    7 * kDay,    14 * kDay};
constexpr std::array kMonthSteps = {1, 2, 3, 6, 12, 24, 60, 120};
constexpr std::array kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
// 1970-01-01 was a Thursday; weeks begin on Mondays.
constexpr double kFirstMonday = 4 * kDay;

std::tm Civil(double seconds) {
  const auto time = static_cast<std::time_t>(std::floor(seconds));
  std::tm utc{};
  gmtime_r(&time, &utc);
  return utc;
}

std::string MonthName(const std::tm& utc) { return kMonths[static_cast<size_t>(utc.tm_mon)]; }

std::string Label(double t, double step) {
  const std::tm utc = Civil(t);
  if (step < kDay && (utc.tm_hour != 0 || utc.tm_min != 0)) {
    return fmt::format("{:02}:{:02}", utc.tm_hour, utc.tm_min);
  }
  return fmt::format("{} {}", MonthName(utc), utc.tm_mday);
}

std::vector<TimeTick> MonthTicks(double low, double high, int months) {
  const std::tm first = Civil(low);
  int64_t month = (int64_t{first.tm_year} + 1900) * 12 + first.tm_mon;
  month -= ((month % months) + months) % months;
  std::vector<TimeTick> out;
  for (;; month += months) {
    std::tm utc{};
    utc.tm_year = static_cast<int>(month / 12 - 1900);
    utc.tm_mon = static_cast<int>(month % 12);
    utc.tm_mday = 1;
    const auto t = static_cast<double>(timegm(&utc));
    if (t > high) return out;
    if (t < low) continue;
    const bool year_only = months % 12 == 0;
    out.push_back({t, year_only ? fmt::format("{}", utc.tm_year + 1900)
                                : fmt::format("{} {}", MonthName(utc), utc.tm_year + 1900)});
  }
}

}  // namespace

std::vector<double> ValueTicks(double low, double high, size_t count_max) {
  std::vector<double> out;
  if (!std::isfinite(high - low) || !(low < high) || count_max == 0) return out;
  const double raw = (high - low) / static_cast<double>(count_max);
  const double power = std::pow(10, std::floor(std::log10(raw)));
  for (const double factor : {1.0, 2.0, 5.0, 10.0, 20.0, 50.0}) {
    const double step = factor * power;
    const double first = std::ceil(low / step - 1e-9);
    const double last = std::floor(high / step + 1e-9);
    if (last - first + 1 > static_cast<double>(count_max)) continue;
    for (double i = first; i <= last; ++i) out.push_back(i == 0 ? 0 : i * step);
    return out;
  }
  return out;
}

std::vector<TimeTick> TimeTicks(double low, double high, size_t count_max) {
  // Beyond this gmtime gives up.
  constexpr double kTimeMax = 1e12;
  if (!(low <= high) || count_max == 0 || low < -kTimeMax || high > kTimeMax) return {};
  for (const double step : kSteps) {
    const double origin = step >= 7 * kDay ? kFirstMonday : 0;
    const double first = std::ceil((low - origin) / step);
    const double last = std::floor((high - origin) / step);
    if (last - first + 1 > static_cast<double>(count_max)) continue;
    std::vector<TimeTick> out;
    for (double i = first; i <= last; ++i) {
      const double t = origin + i * step;
      out.push_back({t, Label(t, step)});
    }
    return out;
  }
  for (const int months : kMonthSteps) {
    if ((high - low) / (365.25 / 12 * kDay * months) > static_cast<double>(count_max)) continue;
    std::vector<TimeTick> out = MonthTicks(low, high, months);
    if (out.size() <= count_max) return out;
  }
  return {};
}

std::string DateText(double seconds) {
  const std::tm utc = Civil(seconds);
  return fmt::format("{:04}-{:02}-{:02}", utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday);
}

std::string MinuteText(double seconds) {
  const std::tm utc = Civil(seconds);
  return fmt::format("{} {:02}:{:02}", DateText(seconds), utc.tm_hour, utc.tm_min);
}

}  // namespace firn::tools
