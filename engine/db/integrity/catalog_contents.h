// The catalog of a directory that is only read: what of it verifies.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/status.h"
#include "engine/db/integrity/health.h"
#include "engine/tier/tier_record.h"
#include "engine/tier/window_record.h"
#include "storage/kv/rescue/store_reader.h"

namespace firn::engine {

struct CatalogContents {
  std::vector<WindowRecord> windows;
  std::vector<TierRecord> tiers;
  // Tombstones and the rest, as they are.
  std::vector<std::pair<std::string, std::string>> others;
  // Windows that have pages but, with part of the catalog gone, no record; made of the pages.
  std::vector<WindowRecord> found;
};

// Enters damage and notes into `health`. Errors of the reader other than damage.
Result<CatalogContents> ReadCatalog(const storage::StoreReader& reader, StoreHealth* health);

}  // namespace firn::engine
