// Doubles as integers, where that loses nothing: the first half of the column codec.
// Layout: docs/format/page.md.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "storage/encoding/column_codec.h"

namespace firn::storage {

enum class Mapping : uint8_t {
  kInteger,
  kQuotient,     // d / 10^e: a decimal fraction.
  kProduct,      // d * 10^-e: what a program that multiplies makes of one.
  kQuotientUlp,  // d / 10^e and some units in the last place: a sum of decimals.
  kBits,         // The pattern of the double.
  kScaled,       // d * s for a double s, perhaps with units in the last place: what a rule
                 // makes of a counter that it multiplies or divides by a constant.
  kSplit,        // The pattern in two parts: storage/encoding/split_block.h.
};
inline constexpr int kMappings = 7;

// What a block stores besides its columns.
struct MappingHead {
  Mapping mapping = Mapping::kBits;
  int exponent = 0;       // e
  double scale = 1;       // s
  bool has_ulps = false;  // Always so for kQuotientUlp, at will for kScaled.
};

using IntBlock = std::array<uint64_t, kColumnBlockMax>;

// A block after mapping. Exceptions are values that the mapping does not give back; the
// integer in their place repeats the one before.
struct MappedBlock {
  MappingHead head;
  size_t exceptions = 0;
  IntBlock integers;
  IntBlock ulps;                 // If has_ulps.
  IntBlock exception_positions;  // Ascending,
  IntBlock exception_bits;       // ... and the patterns there.
};

// Chooses the mapping by sampling and applies it; never kSplit.
// REQUIRES: 1 <= values.size() <= kColumnBlockMax.
void MapFloats(std::span<const double> values, MappedBlock* out);
// The mapping that always works.
void MapBits(std::span<const double> values, MappedBlock* out);

// The inverse, without exceptions; garbage in gives garbage out. `integers` may not overlap
// `out`; `ulps` may be null without has_ulps.
// REQUIRES: head.mapping is not kSplit, head.exponent is in 0..kExponentMax.
void UnmapFloats(const MappingHead& head, const uint64_t* integers, const uint64_t* ulps, size_t n,
                 double* out);

}  // namespace firn::storage
