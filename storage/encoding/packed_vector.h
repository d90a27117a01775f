// Patched bit packing: most values at one width; the few that are wider leave their high
// bits in a list apart. The width is chosen by exact cost.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "base/bytes.h"

namespace firn::storage {

// How many of a set of values have each bit width: all that the cost depends on.
class WidthCounts {
 public:
  void Add(uint64_t value, uint32_t n = 1) {
    counts_[static_cast<size_t>(std::bit_width(value))] += n;
  }
  void Remove(int width, uint32_t n) { counts_[static_cast<size_t>(width)] -= n; }
  uint32_t operator[](int width) const { return counts_[static_cast<size_t>(width)]; }

 private:
  std::array<uint32_t, 65> counts_{};
};

struct PackPlan {
  int width = 0;
  int high_width = 0;  // Of the patches.
  uint32_t patches = 0;
  size_t bytes = 0;  // All of the packed vector.
};

// The cheapest plan for `n` values with these widths.
PackPlan PlanPacking(const WidthCounts& counts, size_t n);

// Appends the values; their number is not stored.
void AppendPackedVector(std::span<const uint64_t> values, const PackPlan& plan, std::string* out);
// With the cheapest plan.
void AppendPackedVector(std::span<const uint64_t> values, std::string* out);

// First byte of a vector that is never written, free for the caller's own meaning.
inline constexpr unsigned char kNoPackedVector = 0x7f;

// False if the bytes are malformed. `out` has room for n + kUnpackWriteSlack values.
bool ReadPackedVector(ByteReader* in, size_t n, uint64_t* out);

}  // namespace firn::storage
