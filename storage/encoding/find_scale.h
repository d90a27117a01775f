// Finds the constant that all values of a block are whole multiples of, as a rule leaves them
// that multiplies or divides a counter or sums up such products.
#pragma once

#include <optional>
#include <span>

namespace firn::storage {

struct ScaleFound {
  double scale = 0;  // Finite and above 0.
  // Each value but a few (ExceptionsMax) is a whole number times `scale`, rounded once.
  // Otherwise near that.
  bool exact = false;
};

// Looks at some of the values: may miss a constant, and may be wrong about an inexact one.
// Costs about as much per block as coding a few dozen values.
std::optional<ScaleFound> FindScale(std::span<const double> values);

}  // namespace firn::storage
