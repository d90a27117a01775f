// What was found wrong in a data directory, and what of it is lost.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/time.h"
#include "storage/page/window.h"

namespace firn::engine {

// Series of one metric of one window, or all of them.
struct Loss {
  std::string metric;  // Empty with `whole` set: every series.
  bool whole = false;
  std::string error;
  TimeRange range{kMaxTimestamp, kMinTimestamp};  // The samples lie in it.
  uint64_t series = 0;
  uint64_t samples = 0;  // 0 for tiers, which hold buckets.
};

enum class Fate : uint8_t {
  kKept,     // Whole.
  kPartial,  // What verifies of it.
  kDropped,
  kRebuilt,  // Dropped; the next start makes it anew of raw samples.
};
std::string_view FateName(Fate fate);

struct WindowHealth {
  storage::WindowId id;
  DurationMs resolution = 0;  // 0: raw samples.
  TimeRange range;            // Of its samples, as the catalog has it.
  uint64_t series = 0;
  uint64_t samples = 0;
  std::vector<Loss> losses;
  std::vector<std::string> stray;  // Damage that costs no series.
  Fate fate = Fate::kKept;         // By repair.

  bool ok() const { return losses.empty() && stray.empty(); }
};

struct StoreHealth {
  // Damage outside of windows.
  std::vector<std::string> damage;
  // Harmless.
  std::vector<std::string> notes;
  std::vector<WindowHealth> windows;  // Raw ones by time, then tiers.

  uint64_t table_files = 0;
  uint64_t table_bytes = 0;
  uint64_t series_definitions = 0;
  uint64_t journal_entries = 0;
  uint64_t journal_samples = 0;
  uint64_t exemplars = 0;
  uint64_t metadata = 0;

  bool ok() const;
  uint64_t lost_series() const;
  uint64_t lost_samples() const;
};

// As people and JSON readers get it. Lists what is damaged only.
std::string HealthText(const StoreHealth& health);
std::string HealthJson(const StoreHealth& health);

// "2026-01-31T23:59:59.000Z"; the number where it is no time of a calendar.
std::string UtcText(TimestampMs t);

}  // namespace firn::engine
