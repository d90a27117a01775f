// Time as the whole system counts it: signed milliseconds since the Unix epoch.
#pragma once

#include <algorithm>
#include <compare>
#include <cstdint>
#include <limits>

namespace firn {

using TimestampMs = int64_t;
using DurationMs = int64_t;

inline constexpr TimestampMs kMinTimestamp = std::numeric_limits<int64_t>::min();
inline constexpr TimestampMs kMaxTimestamp = std::numeric_limits<int64_t>::max();
inline constexpr DurationMs kSecondMs = 1000;
inline constexpr DurationMs kMinuteMs = 60 * kSecondMs;
inline constexpr DurationMs kHourMs = 60 * kMinuteMs;
inline constexpr DurationMs kDayMs = 24 * kHourMs;

// Both ends inclusive.
struct TimeRange {
  TimestampMs min = kMinTimestamp;
  TimestampMs max = kMaxTimestamp;

  bool Contains(TimestampMs t) const { return t >= min && t <= max; }
  bool Overlaps(const TimeRange& other) const { return min <= other.max && other.min <= max; }
  bool empty() const { return min > max; }
  friend bool operator==(const TimeRange&, const TimeRange&) = default;
};

// A PromQL window: left-open, right-closed.
struct Window {
  TimestampMs start = 0;
  TimestampMs end = 0;
  friend bool operator==(const Window&, const Window&) = default;
};

// The largest multiple of `step` that is <= t, also for negative t.
// REQUIRES: step > 0.
constexpr TimestampMs FloorTo(TimestampMs t, DurationMs step) {
  const TimestampMs remainder = t % step;
  return remainder < 0 ? t - remainder - step : t - remainder;
}

}  // namespace firn
