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
};
inline constexpr int kMappings = 5;
inline constexpr int kExponentMax = 18;
// Integers below this convert to double and back by adding and subtracting a constant.
inline constexpr double kMappedMax = 0x1p51;

double PowerOfTen(int exponent);          // 10^e
double NegativePowerOfTen(int exponent);  // The double nearest to 10^-e.

using IntBlock = std::array<uint64_t, kColumnBlockMax>;

// A block after mapping. Exceptions are values that the mapping does not give back; the
// integer in their place repeats the one before.
struct MappedBlock {
  Mapping mapping = Mapping::kBits;
  int exponent = 0;
  size_t exceptions = 0;
  IntBlock integers;
  IntBlock ulps;                 // kQuotientUlp only.
  IntBlock exception_positions;  // Ascending,
  IntBlock exception_bits;       // ... and the patterns there.
};

// Chooses the mapping by sampling and applies it.
// REQUIRES: 1 <= values.size() <= kColumnBlockMax.
void MapFloats(std::span<const double> values, MappedBlock* out);
// The mapping that always works.
void MapBits(std::span<const double> values, MappedBlock* out);

// The inverse, without exceptions; garbage in gives garbage out. `integers` may not overlap
// `out`; `ulps` may be null but for kQuotientUlp.
void UnmapFloats(Mapping mapping, int exponent, const uint64_t* integers, const uint64_t* ulps,
                 size_t n, double* out);

}  // namespace firn::storage
