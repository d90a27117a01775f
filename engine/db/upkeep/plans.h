// What upkeep is asked for, and what it means to do: planned under a lock, done outside of it.
#pragma once

#include <vector>

#include "engine/db/version.h"
#include "engine/tier/series_scan.h"
#include "engine/tier/tier_builder.h"

namespace firn::engine {

struct MergeScope {
  bool unfinished = false;  // As in PlanOptions.
  bool settle = false;
  bool clean = false;     // Also write anew whatever has samples under tombstones.
  bool may_wait = false;  // For memory.
};

struct TierScope {
  bool all = false;       // Of unfinished groups of windows too,
  bool rebuild = false;   // ... and anew where raw samples were added since.
  bool may_wait = false;  // For memory.
};

// Windows that become one.
struct PlannedMerge {
  std::vector<StoredWindow> inputs;
  std::vector<ScanInput> scan;
  WindowRecord record;
};

// Tiers that are made of a group of windows.
struct PlannedTiers {
  TimestampMs start = 0;
  std::vector<TierRecord> targets;
  std::vector<StoredWindow> windows;
  std::vector<TierInput> inputs;  // The same.
};

// Windows of a tier that become one.
struct PlannedJoin {
  TierRecord target;
  std::vector<StoredTier> tiers;
};

}  // namespace firn::engine
