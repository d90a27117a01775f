// What an open database takes of the memory that the program may take.
#pragma once

#include <cstdint>

#include "base/memory/memory_budget.h"

namespace firn::engine {

struct MemoryParts {
  // Parts of `whole`, each with its share of `limit_bytes`. Shares add up to more than the whole,
  // since not all are used up at once.
  MemoryParts(uint64_t limit_bytes, MemoryBudget* whole);

  // Measured from time to time. Writes are refused beyond its limit.
  MemoryBudget head;
  // Pages as they are on disk, unpacked; keeps its limit by itself.
  MemoryBudget block_cache;
  // Label tables and directories of stored windows; the same.
  MemoryBudget tables;
  // Write buffers of the store, and what it keeps of its files. Bounded by constants.
  MemoryBudget store;
  // Sealing, merging and making tiers. What would exceed it waits.
  MemoryBudget upkeep;
};

}  // namespace firn::engine
