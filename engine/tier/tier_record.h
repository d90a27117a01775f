// The catalog's record of one stored window of a tier: which buckets it holds, and of which
// windows of raw samples it was made.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "storage/page/window.h"

namespace firn::engine {

// Identifies a window of raw samples; windows do not change, so it identifies its content.
struct TierSource {
  TimestampMs start = 0;
  TimestampMs end = 0;  // Exclusive.
  uint32_t generation = 0;
  uint64_t samples = 0;

  TimeRange range() const { return {start, end - 1}; }
  friend bool operator==(const TierSource&, const TierSource&) = default;
};

struct TierRecord {
  storage::WindowId id;  // `tier` only keeps the keys of different resolutions apart.
  DurationMs resolution = 0;
  storage::WindowSummary summary;  // series, bytes, min_t and max_t are kept.
  std::vector<TierSource>
      sources;              // Ordered by start, then generation. Of their times it holds buckets.
  uint64_t tombstones = 0;  // Number of the last tombstone that its samples were free of.
};

// Puts them in the order that a record has.
void SortSources(std::vector<TierSource>* sources);

inline constexpr std::string_view kTierRecordPrefix = "tier/";

// Keys order by tier, start, generation.
std::string TierRecordKey(const storage::WindowId& id);
std::string EncodeTierRecord(const TierRecord& record);
// Corruption if the bytes are not a record.
Result<TierRecord> DecodeTierRecord(std::string_view bytes);

}  // namespace firn::engine
