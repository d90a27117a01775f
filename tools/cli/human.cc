#include "tools/cli/human.h"

#include <array>
#include <cmath>

#include <fmt/core.h>

namespace firn::tools {
namespace {

// Three digits that matter, no zeros behind the point.
std::string ThreeDigits(double value) {
  const double size = std::fabs(value);
  const int decimals = size >= 99.95     ? 0
                       : size >= 9.995   ? 1
                       : size >= 0.9995  ? 2
                       : size >= 0.09995 ? 3
                                         : 4;
  std::string out = fmt::format("{:.{}f}", value, decimals);
  if (out.find('.') == std::string::npos) return out;
  while (out.ends_with('0')) out.pop_back();
  if (out.ends_with('.')) out.pop_back();
  return out == "-0" ? "0" : out;
}

template <size_t kSize>
std::string Scaled(double value, double base, const std::array<const char*, kSize>& units) {
  size_t unit = 0;
  // 999.5 would be shown as 1000.
  const double next = base == 1000 ? 999.5 : base - 0.5;
  while (std::fabs(value) >= next && unit + 1 < kSize) {
    value /= base;
    ++unit;
  }
  const std::string digits = ThreeDigits(value);
  return *units[unit] == '\0' ? digits : digits + " " + units[unit];
}

}  // namespace

std::string HumanBytes(double bytes) {
  static constexpr std::array<const char*, 6> kUnits = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
  return Scaled(bytes, 1024, kUnits);
}

std::string HumanCount(uint64_t count) {
  std::string out = fmt::format("{}", count);
  for (size_t i = out.size(); i > 3; i -= 3) out.insert(i - 3, ",");
  return out;
}

std::string HumanNumber(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  const double size = std::fabs(value);
  if (size != 0 && size < 0.00095) return fmt::format("{:.2g}", value);
  if (size >= 9.995e17) return fmt::format("{:.3g}", value);
  static constexpr std::array<const char*, 6> kUnits = {"", "k", "M", "G", "T", "P"};
  // Up to 9,999 all digits are as short as a unit.
  if (size >= 999.5 && size < 9999.5) return fmt::format("{:.0f}", value);
  return Scaled(value, 1000, kUnits);
}

std::string HumanPercent(double part) {
  const double percent = part * 100;
  if (percent > 0 && percent < 0.1) return "<0.1 %";
  if (percent < 100 && percent > 99.9) return ">99.9 %";
  return ThreeDigits(std::round(percent * 10) / 10) + " %";
}

std::string ClockTime(DurationMs duration) {
  const int64_t seconds = duration / kSecondMs;
  const int64_t hours = seconds / 3600;
  const int64_t minutes = seconds / 60 % 60;
  if (hours > 0) return fmt::format("{}:{:02}:{:02}", hours, minutes, seconds % 60);
  return fmt::format("{}:{:02}", minutes, seconds % 60);
}

}  // namespace firn::tools
