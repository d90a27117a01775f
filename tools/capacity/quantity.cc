#include "tools/capacity/quantity.h"

#include <array>
#include <cmath>

#include <fmt/core.h>

#include "base/duration.h"
#include "base/labels.h"
#include "base/number.h"
#include "server/codec/params.h"
#include "tools/cli/human.h"

namespace firn::tools {
namespace {

// Factor of a unit behind a number; nothing if it is none.
std::optional<double> Factor(std::string_view unit) {
  if (unit.empty()) return 1;
  if (unit == "%") return 0.01;
  if (unit.ends_with('B')) unit.remove_suffix(1);
  if (unit.empty()) return 1;
  constexpr std::string_view kPrefixes = "kMGTP";
  const char first = unit[0] == 'K' ? 'k' : unit[0];
  const size_t power = kPrefixes.find(first);
  if (power == std::string_view::npos) return std::nullopt;
  if (unit.size() == 1) return std::pow(1000.0, static_cast<double>(power + 1));
  if (unit.substr(1) != "i") return std::nullopt;
  return std::pow(1024.0, static_cast<double>(power + 1));
}

bool AllDigits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

// Names as they may stand in an expression, without what is in quotes.
bool HasNameEnding(std::string_view expression, std::string_view ending) {
  const auto in_name = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == ':';
  };
  for (size_t i = expression.find(ending); i != std::string_view::npos;
       i = expression.find(ending, i + 1)) {
    const size_t end = i + ending.size();
    if (end == expression.size() || !in_name(expression[end])) return true;
  }
  return false;
}

}  // namespace

std::optional<double> ParseQuantity(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  const size_t digits = text.find_last_of("0123456789.");
  if (digits == std::string_view::npos) return std::nullopt;
  std::string_view unit = text.substr(digits + 1);
  while (unit.starts_with(' ')) unit.remove_prefix(1);
  const auto number = ParseFloat(text.substr(0, digits + 1));
  const auto factor = Factor(unit);
  if (!number || !factor || !std::isfinite(*number)) return std::nullopt;
  return *number * *factor;
}

std::string FormatQuantity(double value, Unit unit) {
  if (!std::isfinite(value)) return HumanNumber(value);
  if (unit == Unit::kBytes) return HumanBytes(value);
  if (unit == Unit::kRatio) return HumanNumber(value * 100) + " %";
  return HumanNumber(value);
}

std::string FormatChange(double value, Unit unit) {
  return (value > 0 ? "+" : "") + FormatQuantity(value, unit);
}

Result<Unit> ParseUnit(std::string_view text, std::string_view expression) {
  if (text == "none") return Unit::kNone;
  if (text == "bytes") return Unit::kBytes;
  if (text == "ratio") return Unit::kRatio;
  if (text != "auto") {
    return InvalidArgument("{} is none of auto, none, bytes and ratio", QuoteGo(text));
  }
  const bool divided = expression.find('/') != std::string_view::npos;
  if (HasNameEnding(expression, "_bytes") && !divided) return Unit::kBytes;
  if (HasNameEnding(expression, "_ratio")) return Unit::kRatio;
  return Unit::kNone;
}

Result<TimestampMs> ParseMoment(std::string_view text, TimestampMs now) {
  if (text == "now") return now;
  const bool back = text.starts_with('-');
  const std::string_view length = back || text.starts_with('+') ? text.substr(1) : text;
  // A bare number is Unix seconds.
  if (const auto distance = ParseDuration(length); distance.ok() && !AllDigits(length)) {
    return back ? now - *distance : now + *distance;
  }
  const bool month = text.size() == 7 && text[4] == '-';
  const bool day = text.size() == 10 && text[4] == '-' && text[7] == '-';
  std::string whole(text);
  if (month) whole += "-01";
  if (month || day) whole += "T00:00:00Z";
  const auto time = server::ParseTimeParam(whole);
  if (time.ok()) return time;
  return InvalidArgument("{} is no time: write 2027-01, 2027-01-15, 30d (from now) or RFC 3339",
                         QuoteGo(text));
}

std::string LengthWords(DurationMs length) {
  struct Named {
    DurationMs length;
    const char* name;
  };
  static constexpr std::array kUnits = {Named{365 * kDayMs, "year"}, Named{kDayMs, "day"},
                                        Named{kHourMs, "hour"}, Named{kMinuteMs, "minute"}};
  for (const Named& unit : kUnits) {
    const auto count = static_cast<int64_t>(
        std::llround(static_cast<double>(length) / static_cast<double>(unit.length)));
    if (count >= 2) return fmt::format("{} {}s", count, unit.name);
    if (length == unit.length || (unit.length == kDayMs && length >= kDayMs)) {
      return fmt::format("1 {}", unit.name);
    }
  }
  return length >= kMinuteMs / 2 ? "1 minute" : "no time";
}

}  // namespace firn::tools
