// When the first and the last of some samples are all that a function needs to know of them.
#pragma once

#include <optional>

#include "engine/api/querier.h"
#include "engine/tier/window_grid.h"

namespace firn::engine {

// The windows that the function sees; none if they are not known.
std::optional<WindowGrid> GridOf(const SelectHints& hints);

// Where the function needs of samples that never fall, and that its windows have all or none of,
// only the first and the last, and how many they are.
struct EndsUse {
  WindowGrid grid;
  bool needs_counts = false;
};
std::optional<EndsUse> EndsUseFor(const SelectHints& hints);

}  // namespace firn::engine
