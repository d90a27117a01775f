#include "query/parser/syntax/number_literal.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <string>

#include "base/duration.h"
#include "base/labels.h"
#include "base/number.h"

namespace firn::query {
namespace {

// The integer in the base its prefix names, or nothing if it is none or beyond 64 bits.
std::optional<double> ReadInteger(std::string_view digits) {
  int base = 10;
  if (digits.size() > 2 && (digits[1] | 0x20) == 'x') {
    base = 16;
    digits.remove_prefix(2);
  } else if (digits.size() > 1 && digits[0] == '0') {
    base = 8;
  }
  int64_t value = 0;
  const char* end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, value, base);
  if (stop != end || error != std::errc()) return std::nullopt;
  return static_cast<double>(value);
}

bool IsWord(std::string_view text) { return !text.empty() && text[0] > '9'; }

}  // namespace

Result<double> ReadNumberLiteral(std::string_view text) {
  std::string digits(text);
  std::erase(digits, '_');
  if (const std::optional<double> integer = ReadInteger(digits)) return *integer;
  const std::optional<double> value = ParseFloat(digits);
  if (!value || (std::isinf(*value) && !IsWord(text))) {
    return InvalidArgument("error parsing number: strconv.ParseFloat: parsing {}: {}",
                           QuoteGo(text), value ? "value out of range" : "invalid syntax");
  }
  return *value;
}

Result<double> ReadDurationLiteral(std::string_view text) {
  const Result<DurationMs> duration = ParseDuration(text);
  if (duration.ok()) {
    // As seconds and rest, so that the result is the double nearest to what was written.
    const DurationMs ms = *duration;
    return static_cast<double>(ms / kSecondMs) + static_cast<double>(ms % kSecondMs) / 1e3;
  }
  std::string_view rest = text;
  while (!rest.empty()) {
    const size_t unit = rest.find_first_not_of("0123456789");
    if (unit == std::string_view::npos) break;
    const size_t end = std::min(rest.find_first_of("0123456789", unit), rest.size());
    const std::string_view name = rest.substr(unit, end - unit);
    constexpr std::string_view kUnits[] = {"y", "w", "d", "h", "m", "s", "ms"};
    if (name[0] != '.' &&
        std::find(std::begin(kUnits), std::end(kUnits), name) == std::end(kUnits)) {
      return InvalidArgument("unknown unit {} in duration {}", QuoteGo(name), QuoteGo(text));
    }
    rest.remove_prefix(end);
  }
  return duration.status();
}

}  // namespace firn::query
