// The files of a block beside its index.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "base/time.h"

namespace firn::server {

struct BlockMeta {
  std::string ulid;
  TimeRange range;  // The last time is not one of the block's: blocks end where the next begins.
  uint64_t samples = 0;
  uint64_t series = 0;
};

// Of meta.json. Corruption if it is not one of version 1.
Result<BlockMeta> ReadBlockMeta(std::string_view json);

// A chunk as it is in a file.
struct StoredChunk {
  uint8_t type = 0;
  std::string_view data;
};

// Of one file of `chunks`, at the offset that a reference's lower half gives. Corruption if there
// is no chunk that verifies.
Result<StoredChunk> FindChunk(std::string_view segment, uint32_t offset);
// Corruption unless the bytes begin as such a file.
Status CheckSegment(std::string_view segment);

struct BlockTombstone {
  uint64_t series = 0;  // As BlockSeries::ref.
  TimeRange range;
};

// Of the file `tombstones`.
Result<std::vector<BlockTombstone>> ReadTombstones(std::string_view bytes);

}  // namespace firn::server
