#include "engine/db/reading/ends_use.h"

#include <string_view>

namespace firn::engine {
namespace {

struct NamedEnds {
  std::string_view function;
  bool needs_counts;
};

constexpr NamedEnds kFunctions[] = {{"absent_over_time", false},
                                    {"count_over_time", true},
                                    {"delta", true},
                                    {"first_over_time", false},
                                    {"increase", true},
                                    {"last_over_time", false},
                                    {"max_over_time", false},
                                    {"min_over_time", false},
                                    {"present_over_time", false},
                                    {"rate", true},
                                    {"resets", true},
                                    {"ts_of_first_over_time", false},
                                    {"ts_of_last_over_time", false}};

// Shorter windows hold no whole block of samples.
constexpr DurationMs kRangeMin = 10 * kMinuteMs;
// Times so far from each other could not be subtracted.
constexpr TimestampMs kTimeMax = kMaxTimestamp / 8;

bool IsModerate(int64_t t) { return t > -kTimeMax && t < kTimeMax; }

}  // namespace

std::optional<WindowGrid> GridOf(const SelectHints& hints) {
  if (!hints.window_end || hints.labels_only || hints.window_step < 0) return std::nullopt;
  if (!IsModerate(*hints.window_end) || !IsModerate(hints.range)) return std::nullopt;
  return WindowGrid(*hints.window_end, hints.window_step, hints.range);
}

std::optional<EndsUse> EndsUseFor(const SelectHints& hints) {
  if (hints.range < kRangeMin) return std::nullopt;
  // Every block would be divided.
  if (hints.window_step > 0 && hints.window_step < kRangeMin) return std::nullopt;
  const std::optional<WindowGrid> grid = GridOf(hints);
  if (!grid) return std::nullopt;
  for (const NamedEnds& named : kFunctions) {
    if (named.function != hints.function) continue;
    return EndsUse{.grid = *grid, .needs_counts = named.needs_counts};
  }
  return std::nullopt;
}

}  // namespace firn::engine
