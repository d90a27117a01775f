#include "server/codec/params.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

#include <fmt/core.h>

#include "base/duration.h"
#include "base/labels.h"
#include "base/number.h"

namespace firn::server {

namespace {

// What Prometheus prints for its own extreme times.
constexpr std::string_view kMinTimeText = "-292273086-05-16T16:47:06Z";
constexpr std::string_view kMaxTimeText = "292277025-08-18T07:12:54.999999999Z";

// Goes through text of fixed shape; every failure sticks.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  int Digits(size_t n) {
    int value = 0;
    for (size_t i = 0; i < n; ++i) {
      const char c = Take();
      if (c < '0' || c > '9') ok_ = false;
      value = value * 10 + (c - '0');
    }
    return ok_ ? value : 0;
  }
  void Expect(char c) {
    if (Take() != c) ok_ = false;
  }
  char Peek() const { return text_.empty() ? '\0' : text_.front(); }
  char Take() {
    const char c = Peek();
    if (!text_.empty()) {
      text_.remove_prefix(1);
    } else {
      ok_ = false;
    }
    return c;
  }
  bool ok() const { return ok_; }
  bool AtEnd() const { return text_.empty(); }

 private:
  std::string_view text_;
  bool ok_ = true;
};

int DaysInMonth(int year, int month) {
  static constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  return kDays[month - 1] + (month == 2 && leap ? 1 : 0);
}

// Milliseconds of ".123456789", cut; 0 if there is no fraction.
int FractionMs(Scanner* in) {
  if (in->Peek() != '.') return 0;
  in->Take();
  int ms = 0;
  int digits = 0;
  while (in->Peek() >= '0' && in->Peek() <= '9') {
    const int digit = in->Take() - '0';
    if (digits < 3) ms = ms * 10 + digit;
    ++digits;
  }
  if (digits == 0) in->Expect('0');
  for (; digits < 3; ++digits) ms *= 10;
  return ms;
}

std::optional<TimestampMs> ParseRfc3339(std::string_view text) {
  Scanner in(text);
  const int year = in.Digits(4);
  in.Expect('-');
  const int month = in.Digits(2);
  in.Expect('-');
  const int day = in.Digits(2);
  in.Expect('T');
  const int hour = in.Digits(2);
  in.Expect(':');
  const int minute = in.Digits(2);
  in.Expect(':');
  const int second = in.Digits(2);
  const int ms = FractionMs(&in);
  int64_t offset_minutes = 0;
  if (const char zone = in.Take(); zone == '+' || zone == '-') {
    const int hours = in.Digits(2);
    in.Expect(':');
    const int minutes = in.Digits(2);
    if (hours > 23 || minutes > 59) return std::nullopt;
    offset_minutes = (hours * 60 + minutes) * (zone == '-' ? -1 : 1);
  } else if (zone != 'Z') {
    return std::nullopt;
  }
  if (!in.ok() || !in.AtEnd() || month < 1 || month > 12 || day < 1 ||
      day > DaysInMonth(year, month) || hour > 23 || minute > 59 || second > 59) {
    return std::nullopt;
  }
  const int64_t minutes = DaysFromCivil(year, month, day) * 1440 + hour * 60 + minute;
  return (minutes - offset_minutes) * kMinuteMs + second * kSecondMs + ms;
}

}  // namespace

int64_t DaysFromCivil(int64_t year, int month, int day) {
  // Years begin in March, so that the leap day is the last of its year.
  year -= month <= 2;
  const int64_t era = (year >= 0 ? year : year - 399) / 400;
  const int64_t year_of_era = year - era * 400;
  const int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  const int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146097 + day_of_era - 719468;
}

std::string FormatRfc3339(TimestampMs t) {
  const int64_t days = FloorTo(t, kDayMs) / kDayMs;
  const int64_t ms = t - days * kDayMs;
  const int64_t shifted = days + 719468;
  const int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
  const int64_t day_of_era = shifted - era * 146097;
  const int64_t year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  const int64_t day_of_year =
      day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const int64_t shifted_month = (5 * day_of_year + 2) / 153;
  const int64_t day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
  const int64_t month = shifted_month < 10 ? shifted_month + 3 : shifted_month - 9;
  const int64_t year = year_of_era + era * 400 + (month <= 2 ? 1 : 0);
  std::string out = fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", year, month, day,
                                ms / kHourMs, ms / kMinuteMs % 60, ms / kSecondMs % 60);
  if (ms % kSecondMs != 0) out += fmt::format(".{:03}", ms % kSecondMs);
  return out + "Z";
}

Result<TimestampMs> ParseTimeParam(std::string_view text) {
  if (const auto seconds = ParseFloat(text); seconds && std::isfinite(*seconds)) {
    double whole = 0;
    const double fraction = std::modf(*seconds, &whole);
    const double limit = static_cast<double>(kParamTimeMax) / 1000;
    whole = std::clamp(whole, -limit, limit);
    return std::clamp(static_cast<TimestampMs>(whole) * 1000 +
                          static_cast<TimestampMs>(std::round(fraction * 1000)),
                      kParamTimeMin, kParamTimeMax);
  }
  if (const auto time = ParseRfc3339(text)) return *time;
  if (text == kMinTimeText) return kParamTimeMin;
  if (text == kMaxTimeText) return kParamTimeMax;
  return InvalidArgument("cannot parse {} to a valid timestamp", QuoteGo(text));
}

Result<DurationMs> ParseDurationParam(std::string_view text) {
  if (const auto seconds = ParseFloat(text); seconds && !std::isnan(*seconds)) {
    constexpr double kNanosecondsMax = 9223372036854775807.0;
    if (std::fabs(*seconds * 1e9) >= kNanosecondsMax) {
      return InvalidArgument("cannot parse {} to a valid duration. It overflows int64",
                             QuoteGo(text));
    }
    return static_cast<DurationMs>(*seconds * 1e9) / 1'000'000;
  }
  if (auto duration = ParseDuration(text); duration.ok()) return *duration;
  return InvalidArgument("cannot parse {} to a valid duration", QuoteGo(text));
}

Result<std::optional<DurationMs>> ParseResolutionParam(std::string_view text) {
  if (text == "auto") return std::optional<DurationMs>();
  FIRN_ASSIGN_OR_RETURN(const DurationMs resolution, ParseDurationParam(text));
  if (resolution < 0) return InvalidArgument("negative resolution {}", QuoteGo(text));
  return std::optional<DurationMs>(resolution);
}

Result<size_t> ParseLimitParam(std::string_view text) {
  int64_t value = 0;
  const std::string_view digits = text.starts_with('+') ? text.substr(1) : text;
  const auto [end, ec] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (ec == std::errc::result_out_of_range) {
    return InvalidArgument("strconv.Atoi: parsing {}: value out of range", QuoteGo(text));
  }
  if (ec != std::errc() || end != digits.data() + digits.size() ||
      (digits.size() < text.size() && value < 0)) {
    return InvalidArgument("strconv.Atoi: parsing {}: invalid syntax", QuoteGo(text));
  }
  if (value < 0) return InvalidArgument("limit must be non-negative");
  return static_cast<size_t>(value);
}

namespace {

void AppendUtf8(uint32_t rune, std::string* out) {
  if (rune < 0x80) {
    out->push_back(static_cast<char>(rune));
  } else if (rune < 0x800) {
    out->push_back(static_cast<char>(0xc0 | rune >> 6));
    out->push_back(static_cast<char>(0x80 | (rune & 0x3f)));
  } else if (rune < 0x10000) {
    out->push_back(static_cast<char>(0xe0 | rune >> 12));
    out->push_back(static_cast<char>(0x80 | (rune >> 6 & 0x3f)));
    out->push_back(static_cast<char>(0x80 | (rune & 0x3f)));
  } else {
    out->push_back(static_cast<char>(0xf0 | rune >> 18));
    out->push_back(static_cast<char>(0x80 | (rune >> 12 & 0x3f)));
    out->push_back(static_cast<char>(0x80 | (rune >> 6 & 0x3f)));
    out->push_back(static_cast<char>(0x80 | (rune & 0x3f)));
  }
}

}  // namespace

std::string UnescapeLabelName(std::string_view name) {
  if (!name.starts_with("U__")) return std::string(name);
  std::string out;
  std::string_view rest = name.substr(3);
  while (!rest.empty()) {
    if (rest[0] != '_') {
      out.push_back(rest[0]);
      rest.remove_prefix(1);
      continue;
    }
    rest.remove_prefix(1);
    const size_t end = rest.find('_');
    if (end == std::string_view::npos || end > 6) return std::string(name);
    if (end == 0) {
      out.push_back('_');
    } else {
      uint32_t rune = 0;
      const auto [stop, ec] = std::from_chars(rest.data(), rest.data() + end, rune, 16);
      const bool surrogate = rune >= 0xd800 && rune < 0xe000;
      if (ec != std::errc() || stop != rest.data() + end || rune > 0x10ffff || surrogate) {
        return std::string(name);
      }
      AppendUtf8(rune, &out);
    }
    rest.remove_prefix(end + 1);
  }
  return out;
}

}  // namespace firn::server
