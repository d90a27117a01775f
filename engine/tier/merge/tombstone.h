// The catalog's record of a deletion: samples of matching series over a range of time, of all
// windows that were stored when it was asked for. Layout: docs/format/catalog.md.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/matcher.h"
#include "base/status.h"
#include "base/time.h"

namespace firn::engine {

struct Tombstone {
  uint64_t number = 0;  // From 1 on, in the order of the deletions.
  Matchers matchers;
  TimeRange range;
};

inline constexpr std::string_view kTombstonePrefix = "tombstone/";

// Keys order by number.
std::string TombstoneKey(uint64_t number);
std::string EncodeTombstone(const Tombstone& tombstone);
// Corruption if the bytes are not a record.
Result<Tombstone> DecodeTombstone(std::string_view bytes);

}  // namespace firn::engine
