#include "base/number.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstdint>

namespace firn {
namespace {

// Enough for the 'f' form of the smallest denormal.
constexpr size_t kFloatTextMax = 1100;

const char* SpecialText(double v) {
  if (std::isnan(v)) return "NaN";
  if (std::isinf(v)) return v > 0 ? "+Inf" : "-Inf";
  return nullptr;
}

// Below this every whole number is a double.
constexpr double kExactIntegerMax = 9007199254740992.0;

// Above 2^53 std::to_chars writes all digits of the exact value, Go only those that matter
// and then zeros.
void AppendLargeFixed(double v, std::string* out) {
  char text[64];
  const char* end = std::to_chars(text, text + sizeof(text), v, std::chars_format::scientific).ptr;
  const char* e = end - 1;
  while (*e != 'e') --e;
  int exponent = 0;
  std::from_chars(e + 2, end, exponent);  // Positive: behind "e+".
  for (const char* p = text; p < e; ++p) {
    if (*p == '.') continue;
    out->push_back(*p);
    if (*p != '-') --exponent;
  }
  out->append(static_cast<size_t>(exponent + 1), '0');
}

// Decimals of few digits, which most values that are not whole are: if v is the double nearest
// to a decimal of up to 15 digits, that decimal is the shortest text, since no two of them have
// the same double. Much cheaper than the general search. False for any other v.
bool AppendShortDecimal(double v, double magnitude, std::string* out) {
  constexpr double kMantissaMax = 1e15;
  const bool small = magnitude < kMantissaMax / 1e6;
  const double scale = small ? 1e6 : 1e3;
  if (magnitude * scale >= kMantissaMax) return false;
  const auto mantissa = static_cast<uint64_t>(magnitude * scale + 0.5);
  // The division of two exact numbers gives the nearest double.
  if (mantissa == 0 || static_cast<double>(mantissa) / scale != magnitude) return false;
  const auto divisor = static_cast<uint64_t>(scale);
  uint64_t fraction = mantissa % divisor;
  char text[32];
  char* end = text;
  if (v < 0) *end++ = '-';
  end = std::to_chars(end, text + sizeof(text), mantissa / divisor).ptr;
  *end++ = '.';
  int digits = small ? 6 : 3;
  for (; fraction % 10 == 0; fraction /= 10) --digits;
  for (int i = digits; i > 0; fraction /= 10) end[--i] = static_cast<char>('0' + fraction % 10);
  out->append(text, end + digits);
  return true;
}

void AppendShortest(double v, std::chars_format format, std::string* out) {
  char text[kFloatTextMax];
  if (format == std::chars_format::fixed) {
    const double a = std::fabs(v);
    if (a >= kExactIntegerMax) return AppendLargeFixed(v, out);
    if (const auto whole = static_cast<int64_t>(v);
        static_cast<double>(whole) == v && (whole != 0 || !std::signbit(v))) {
      out->append(text, std::to_chars(text, text + sizeof(text), whole).ptr);
      return;
    }
    if (AppendShortDecimal(v, a, out)) return;
  }
  const auto [end, ec] = std::to_chars(text, text + sizeof(text), v, format);
  out->append(text, end);
}

std::string Shortest(double v, std::chars_format format) {
  if (const char* special = SpecialText(v)) return special;
  std::string out;
  AppendShortest(v, format, &out);
  return out;
}

bool EqualsIgnoreCase(std::string_view text, std::string_view lower) {
  if (text.size() != lower.size()) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    if ((text[i] | 0x20) != lower[i]) return false;
  }
  return true;
}

// Of a decimal number that no double can hold: whether it is too large, not too small.
bool IsTooLarge(std::string_view text) {
  const size_t e = std::min(text.find_first_of("eE"), text.size());
  const std::string_view mantissa = text.substr(0, e);
  const size_t first = mantissa.find_first_of("123456789");
  if (first == std::string_view::npos) return false;
  const auto point = static_cast<int64_t>(std::min(mantissa.find('.'), mantissa.size()));
  int64_t exponent = 0;
  if (e < text.size()) {
    const bool negative = text[e + 1] == '-';
    const size_t digits = e + (text[e + 1] == '-' || text[e + 1] == '+' ? 2 : 1);
    const auto [end, ec] =
        std::from_chars(text.data() + digits, text.data() + text.size(), exponent);
    // No mantissa is long enough to make up for that.
    if (ec != std::errc() || exponent > (int64_t{1} << 48)) return !negative;
    if (negative) exponent = -exponent;
  }
  // The power of ten of the first digit that counts, but for one.
  return point - static_cast<int64_t>(first) + exponent > 0;
}

}  // namespace

std::string FormatFloatF(double v) { return Shortest(v, std::chars_format::fixed); }
std::string FormatFloatE(double v) { return Shortest(v, std::chars_format::scientific); }

std::string FormatFloatG(double v) {
  const double a = std::fabs(v);
  const bool scientific = a != 0 && (a < 1e-4 || a >= 1e6);
  return Shortest(v, scientific ? std::chars_format::scientific : std::chars_format::fixed);
}

void AppendSampleValue(double v, std::string* out) {
  if (const char* special = SpecialText(v)) {
    out->append(special);
    return;
  }
  const double a = std::fabs(v);
  const bool scientific = a != 0 && (a < 1e-6 || a >= 1e21);
  AppendShortest(v, scientific ? std::chars_format::scientific : std::chars_format::fixed, out);
}

std::optional<double> ParseFloat(std::string_view text) {
  if (text.empty()) return std::nullopt;
  const bool negative = text[0] == '-';
  const bool has_sign = negative || text[0] == '+';
  if (has_sign) text.remove_prefix(1);
  double v = 0;
  if (EqualsIgnoreCase(text, "inf") || EqualsIgnoreCase(text, "infinity")) {
    v = INFINITY;
  } else if (!has_sign && EqualsIgnoreCase(text, "nan")) {
    v = std::bit_cast<double>(uint64_t{0x7ff8000000000001});
  } else {
    // from_chars would accept a second sign and the words above.
    if (text.empty() || (text[0] != '.' && (text[0] < '0' || text[0] > '9'))) return std::nullopt;
    const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), v);
    if (end != text.data() + text.size()) return std::nullopt;
    if (ec == std::errc::result_out_of_range) {
      v = IsTooLarge(text) ? INFINITY : 0.0;
    } else if (ec != std::errc()) {
      return std::nullopt;
    }
  }
  return negative ? -v : v;
}

}  // namespace firn
