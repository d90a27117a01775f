#include "query/functions/instant_functions.h"

#include <cmath>
#include <cstdint>
#include <limits>
#include <numbers>

namespace firn::query {
namespace {

struct Date {
  int64_t year;
  int month;  // 1 to 12.
  int day;    // 1 to 31.
};

constexpr int64_t kSecondsPerDay = 86400;

int64_t FloorDiv(int64_t a, int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }

// Go's conversion on amd64: what does not fit becomes the smallest integer.
int64_t ToSeconds(double v) {
  if (!(v >= -9223372036854775808.0 && v < 9223372036854775808.0)) {
    return std::numeric_limits<int64_t>::min();
  }
  return static_cast<int64_t>(v);
}

// Go counts days from March of the year -292277022400 in unsigned seconds: what lies before (the
// smallest integer, thus NaN and all that does not fit) comes out 2^64 seconds later.
struct DayAndSecond {
  int64_t day;     // Since the epoch.
  int64_t second;  // Of the day.
};

DayAndSecond Split(double v) {
  constexpr int64_t kFirstSecond = -9223372028741760000;
  constexpr int64_t kWrapDays = 213503982334601;  // 2^64 seconds are these and the rest.
  constexpr int64_t kWrapSeconds = 25216;
  const int64_t seconds = ToSeconds(v);
  DayAndSecond out{.day = FloorDiv(seconds, kSecondsPerDay), .second = 0};
  // Not by multiplying the day, which would overflow for the smallest integer.
  out.second = seconds % kSecondsPerDay;
  if (out.second < 0) out.second += kSecondsPerDay;
  if (seconds >= kFirstSecond) return out;
  out.day += kWrapDays;
  out.second += kWrapSeconds;
  if (out.second < kSecondsPerDay) return out;
  return {.day = out.day + 1, .second = out.second - kSecondsPerDay};
}

int64_t DaysSinceEpoch(double v) { return Split(v).day; }
int64_t SecondOfDay(double v) { return Split(v).second; }

// Howard Hinnant's days-to-civil algorithm: years begin in March, so that the leap day is
// the last one.
Date DateOf(double v) {
  const int64_t days = DaysSinceEpoch(v) + 719468;
  const int64_t era = FloorDiv(days, 146097);
  const int64_t day_of_era = days - era * 146097;
  const int64_t year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  const int64_t day_of_year =
      day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const int64_t shifted_month = (5 * day_of_year + 2) / 153;
  const int day = static_cast<int>(day_of_year - (153 * shifted_month + 2) / 5 + 1);
  const int month = static_cast<int>(shifted_month < 10 ? shifted_month + 3 : shifted_month - 9);
  return {year_of_era + era * 400 + (month <= 2 ? 1 : 0), month, day};
}

bool IsLeap(int64_t year) { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0); }

int DaysInMonth(int64_t year, int month) {
  constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return month == 2 && IsLeap(year) ? 29 : kDays[month - 1];
}

double DaysInMonthOf(double v) {
  const Date date = DateOf(v);
  return DaysInMonth(date.year, date.month);
}
double DayOfMonth(double v) { return DateOf(v).day; }
double DayOfWeek(double v) {
  const int64_t days = DaysSinceEpoch(v) + 4;  // The epoch was a Thursday.
  return static_cast<double>(days - FloorDiv(days, 7) * 7);
}
double DayOfYear(double v) {
  const Date date = DateOf(v);
  int day = date.day;
  for (int month = 1; month < date.month; ++month) day += DaysInMonth(date.year, month);
  return day;
}
double Hour(double v) { return static_cast<double>(SecondOfDay(v) / 3600); }
double Minute(double v) { return static_cast<double>(SecondOfDay(v) % 3600 / 60); }
double Month(double v) { return DateOf(v).month; }
double Year(double v) { return static_cast<double>(DateOf(v).year); }

double Sign(double v) { return v < 0 ? -1 : v > 0 ? 1 : v; }
double Degrees(double v) { return v * 180 / std::numbers::pi; }
double Radians(double v) { return v * std::numbers::pi / 180; }

// Overload sets cannot be named in a table.
#define FIRN_MATH(Name, function) \
  double Name(double v) { return std::function(v); }
FIRN_MATH(Abs, fabs)
FIRN_MATH(Ceil, ceil)
FIRN_MATH(Floor, floor)
FIRN_MATH(Exp, exp)
FIRN_MATH(Sqrt, sqrt)
FIRN_MATH(Ln, log)
FIRN_MATH(Log2, log2)
FIRN_MATH(Log10, log10)
FIRN_MATH(Sin, sin)
FIRN_MATH(Cos, cos)
FIRN_MATH(Tan, tan)
FIRN_MATH(Asin, asin)
FIRN_MATH(Acos, acos)
FIRN_MATH(Atan, atan)
FIRN_MATH(Sinh, sinh)
FIRN_MATH(Cosh, cosh)
FIRN_MATH(Tanh, tanh)
FIRN_MATH(Asinh, asinh)
FIRN_MATH(Acosh, acosh)
FIRN_MATH(Atanh, atanh)
#undef FIRN_MATH

constexpr struct {
  std::string_view name;
  FloatFunction function;
} kFunctions[] = {{"abs", Abs},
                  {"acos", Acos},
                  {"acosh", Acosh},
                  {"asin", Asin},
                  {"asinh", Asinh},
                  {"atan", Atan},
                  {"atanh", Atanh},
                  {"ceil", Ceil},
                  {"cos", Cos},
                  {"cosh", Cosh},
                  {"day_of_month", DayOfMonth},
                  {"day_of_week", DayOfWeek},
                  {"day_of_year", DayOfYear},
                  {"days_in_month", DaysInMonthOf},
                  {"deg", Degrees},
                  {"exp", Exp},
                  {"floor", Floor},
                  {"hour", Hour},
                  {"ln", Ln},
                  {"log10", Log10},
                  {"log2", Log2},
                  {"minute", Minute},
                  {"month", Month},
                  {"rad", Radians},
                  {"sgn", Sign},
                  {"sin", Sin},
                  {"sinh", Sinh},
                  {"sqrt", Sqrt},
                  {"tan", Tan},
                  {"tanh", Tanh},
                  {"year", Year}};

}  // namespace

FloatFunction FindFloatFunction(std::string_view name) {
  for (const auto& entry : kFunctions) {
    if (entry.name == name) return entry.function;
  }
  return nullptr;
}

}  // namespace firn::query
