// Round places on axes.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace firn::tools {

// Multiples of 1, 2 or 5 times a power of ten within [low, high], at most `count_max`, at least
// one if there is a multiple. Empty unless low < high, both finite.
std::vector<double> ValueTicks(double low, double high, size_t count_max);

struct TimeTick {
  double t = 0;       // Seconds since the epoch.
  std::string label;  // UTC: "14:30", "Jan 31", "Jan 2026", "2026", as the distance wants it.
};

// Begins of minutes, hours, days, weeks, months or years within [low, high], at most `count_max`.
std::vector<TimeTick> TimeTicks(double low, double high, size_t count_max);

// "2026-01-31" and "2026-01-31 14:30", UTC.
std::string DateText(double seconds);
std::string MinuteText(double seconds);

}  // namespace firn::tools
