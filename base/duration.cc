#include "base/duration.h"

#include <limits>

#include <fmt/core.h>

#include "base/labels.h"

namespace firn {
namespace {

struct Unit {
  std::string_view name;
  DurationMs ms;
  bool only_whole;  // Printed only if nothing remains behind it.
};

constexpr Unit kUnits[] = {
    {"y", 365 * kDayMs, true}, {"w", 7 * kDayMs, true}, {"d", kDayMs, false}, {"h", kHourMs, false},
    {"m", kMinuteMs, false},   {"s", kSecondMs, false}, {"ms", 1, false}};
// Go keeps durations as 64-bit nanoseconds.
constexpr DurationMs kDurationMsMax = std::numeric_limits<int64_t>::max() / 1'000'000;

}  // namespace

Result<DurationMs> ParseDuration(std::string_view text) {
  if (text == "0") return DurationMs{0};
  if (text.empty()) return InvalidArgument("empty duration string");
  DurationMs total = 0;
  size_t next_unit = 0;
  std::string_view rest = text;
  while (!rest.empty()) {
    size_t digits = 0;
    int64_t n = 0;
    while (digits < rest.size() && rest[digits] >= '0' && rest[digits] <= '9') {
      if (__builtin_mul_overflow(n, int64_t{10}, &n) ||
          __builtin_add_overflow(n, int64_t{rest[digits] - '0'}, &n)) {
        return InvalidArgument("duration out of range");
      }
      ++digits;
    }
    size_t letters = digits;
    while (letters < rest.size() && (rest[letters] < '0' || rest[letters] > '9')) ++letters;
    const std::string_view name = rest.substr(digits, letters - digits);
    size_t unit = next_unit;
    while (unit < std::size(kUnits) && kUnits[unit].name != name) ++unit;
    if (digits == 0 || unit == std::size(kUnits)) {
      return InvalidArgument("not a valid duration string: {}", QuoteGo(text));
    }
    DurationMs part = 0;
    if (__builtin_mul_overflow(n, kUnits[unit].ms, &part) ||
        __builtin_add_overflow(total, part, &total) || total > kDurationMsMax) {
      return InvalidArgument("duration out of range");
    }
    next_unit = unit + 1;
    rest.remove_prefix(letters);
  }
  return total;
}

std::string FormatDuration(DurationMs duration) {
  if (duration == 0) return "0s";
  std::string out;
  if (duration < 0) {
    out = "-";
    duration = -duration;
  }
  for (const Unit& unit : kUnits) {
    if (unit.only_whole && duration % unit.ms != 0) continue;
    const int64_t n = duration / unit.ms;
    if (n == 0) continue;
    out += fmt::format("{}{}", n, unit.name);
    duration -= n * unit.ms;
  }
  return out;
}

}  // namespace firn
