// One block of a column of 64-bit integers: finds the cheapest of a closed set of modes by
// exact cost. All arithmetic is modulo 2^64, so any values work.
// Layout: docs/format/page.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "base/bytes.h"

namespace firn::storage {

enum class IntMode : uint8_t {
  kConstant,
  kConstantDelta,
  kFrame,       // Offsets from the smallest.
  kDelta,       // Zigzag differences.
  kDeltaFrame,  // Differences as offsets from the smallest difference.
  kDeltaDelta,  // Zigzag differences of differences.
  kLine,        // Offsets from a straight line.
  kSparse,      // Where it changes, and by how much.
  kDictionary,  // A column of distinct values and a column of indexes.
};
inline constexpr int kIntModes = 9;

// REQUIRES: 1 <= values.size() <= kColumnBlockMax.
void AppendIntBlock(std::span<const uint64_t> values, std::string* out);

// As a dictionary that is known, whatever it costs: indexes[i] is the place of value i among
// the distinct ones.
// REQUIRES: 1 <= distinct.size() <= indexes.size() <= kColumnBlockMax.
void AppendDictionaryBlock(std::span<const uint64_t> distinct, std::span<const uint64_t> indexes,
                           std::string* out);

// False if the bytes are malformed. `out` has room for n + kUnpackWriteSlack values.
// REQUIRES: 1 <= n <= kColumnBlockMax.
bool ReadIntBlock(ByteReader* in, size_t n, uint64_t* out);

// Reads the first value of a block without decoding it; false if it does not begin with that.
bool PeekFirstInt(ByteReader* in, uint64_t* first);

// The mode of a block, for tests and statistics.
IntMode IntBlockMode(std::string_view block);

}  // namespace firn::storage
