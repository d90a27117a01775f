// Keeps the number of active series within their limits.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <absl/container/flat_hash_map.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/labels.h"
#include "base/mutex.h"
#include "base/status.h"
#include "engine/head/series_limits.h"

namespace firn::engine {

enum class SeriesLimitKind : uint8_t { kActive, kMetric, kLabel, kLabelValues, kNewPerHour };
inline constexpr size_t kSeriesLimitKinds = 5;
// As the setting is called.
std::string_view SeriesLimitName(SeriesLimitKind kind);

// Counts the active series as far as limits need it: without limits it holds nothing. Known
// series never ask. Thread-safe.
class SeriesLimiter {
 public:
  explicit SeriesLimiter(const Clock* clock) : clock_(clock) {}

  // Replaces the limits and counts from anew, in any order: Restart, then Count for each active
  // series. Nothing else may run until then.
  void Restart(SeriesLimits limits);
  void Count(const Labels& labels);

  // Counts a new series, or refuses it with ResourceExhausted: the text names the limit and what
  // reached it. `sorted` by name.
  Status Admit(std::span<const LabelView> sorted);
  // The series is no longer active.
  void Forget(const Labels& labels);

  // Refused since the start, by kind.
  std::array<uint64_t, kSeriesLimitKinds> refused() const;

 private:
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return Xxh3(text); }
  };
  struct Same {
    using is_transparent = void;
    bool operator()(std::string_view a, std::string_view b) const { return a == b; }
  };
  template <typename T>
  using ByText = absl::flat_hash_map<std::string, T, Hash, Same>;
  using Counts = ByText<size_t>;
  static constexpr size_t kMinutes = 60;

  Status Check(std::span<const LabelView> sorted, SeriesLimitKind* kind)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Add(std::span<const LabelView> sorted) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Forgets what is new no longer.
  void TurnTo(int64_t minute) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const Clock* const clock_;
  mutable Mutex mutex_;
  SeriesLimits limits_ ABSL_GUARDED_BY(mutex_);
  size_t active_ ABSL_GUARDED_BY(mutex_) = 0;
  Counts by_metric_ ABSL_GUARDED_BY(mutex_);
  std::vector<Counts> by_label_ ABSL_GUARDED_BY(mutex_);  // As limits_.per_label.
  ByText<Counts> values_ ABSL_GUARDED_BY(mutex_);
  std::array<size_t, kMinutes> new_by_minute_ ABSL_GUARDED_BY(mutex_) = {};
  size_t new_in_hour_ ABSL_GUARDED_BY(mutex_) = 0;
  int64_t minute_ ABSL_GUARDED_BY(mutex_) = 0;
  std::array<uint64_t, kSeriesLimitKinds> refused_ ABSL_GUARDED_BY(mutex_) = {};
};

}  // namespace firn::engine
