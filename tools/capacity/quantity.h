// Amounts and times of a capacity question, as people write and read them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/status.h"
#include "base/time.h"

namespace firn::tools {

enum class Unit : uint8_t { kNone, kBytes, kRatio };

// "12", "1.5e9", "90%" (0.9), "500GiB", "20 MB", "3k", "2M": prefixes of ten as k M G T P, of 1024
// as Ki Mi Gi Ti Pi, with or without a B. Nothing if the text is not such an amount.
std::optional<double> ParseQuantity(std::string_view text);
// "1.46 TiB", "72.1 %", "12.3 k".
std::string FormatQuantity(double value, Unit unit);
// The same with a sign.
std::string FormatChange(double value, Unit unit);

// "auto" guesses by the names of the metrics in the expression: bytes if they end in _bytes and
// nothing is divided, a ratio if they end in _ratio.
Result<Unit> ParseUnit(std::string_view text, std::string_view expression);

// A time seen from `now`: "2027-01" (its first moment), "2027-01-15", "30d" or "+30d" (from now),
// "-2w", "now", RFC 3339 or Unix seconds.
Result<TimestampMs> ParseMoment(std::string_view text, TimestampMs now);

// "23 days", "5 hours", "1 day", "3 years"; the largest unit of which there are two, or days.
std::string LengthWords(DurationMs length);

}  // namespace firn::tools
