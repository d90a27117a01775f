// Values of request parameters, with the error texts that clients of Prometheus know.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/status.h"
#include "base/time.h"

namespace firn::server {

// Times beyond these are moved to them: far enough for any client, near enough that the
// distance of two never overflows.
inline constexpr TimestampMs kParamTimeMax = 9'000'000'000'000'000;
inline constexpr TimestampMs kParamTimeMin = -kParamTimeMax;

// Float seconds since the epoch, or RFC 3339.
Result<TimestampMs> ParseTimeParam(std::string_view text);
// Float seconds or `1h30m`; may be negative or zero. Fractions of a millisecond are cut.
Result<DurationMs> ParseDurationParam(std::string_view text);
// A duration that is not negative, or `auto`: nothing.
Result<std::optional<DurationMs>> ParseResolutionParam(std::string_view text);
// A whole number >= 0.
Result<size_t> ParseLimitParam(std::string_view text);

// The label name that a path segment stands for: undoes the `U__` escaping; everything
// else, and what is not a valid escaping, stands for itself.
std::string UnescapeLabelName(std::string_view name);

// Days since 1970-01-01 of a date of the proleptic Gregorian calendar.
// REQUIRES: 1 <= month <= 12.
int64_t DaysFromCivil(int64_t year, int month, int day);
// 2006-01-02T15:04:05.999Z; the fraction only if there is one.
std::string FormatRfc3339(TimestampMs t);

}  // namespace firn::server
