// Real numbers: few of the front bits of their patterns, the sign, the exponent and the top of
// the mantissa, occur, and the bits behind are noise. Both parts go into columns of their own,
// after ALP-RD (Afroozeh, Kuffo, Boncz 2023). Layout: docs/format/page.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "base/bytes.h"

namespace firn::storage {

struct SplitPlan {
  int rest_bits = 0;  // Of each pattern; the others are its front.
  size_t bytes = 0;   // Of the block, about.
};

// The cheapest split of a sample's patterns; nullopt if their fronts are too many.
// REQUIRES: 1 <= values.size() <= kColumnBlockMax.
std::optional<SplitPlan> PlanSplit(std::span<const double> values);
void AppendSplit(std::span<const double> values, const SplitPlan& plan, std::string* out);

// False if the bytes are malformed. `out` has room for n values.
// REQUIRES: 1 <= n <= kColumnBlockMax.
bool ReadSplit(ByteReader* in, size_t n, double* out);

}  // namespace firn::storage
