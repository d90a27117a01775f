// Type, help and unit of metrics in the store.
#pragma once

#include <string_view>
#include <vector>

#include "engine/api/admin.h"
#include "storage/kv/store.h"

namespace firn::engine {

Status StoreMetadata(storage::Store* store, const std::vector<MetadataEntry>& entries);
// One metric, or all if `metric` is empty; at most `limit` (0: all). What cannot be read is
// left out: metadata is a convenience.
std::vector<MetadataEntry> LoadMetadata(const storage::Store* store, std::string_view metric,
                                        size_t limit);

}  // namespace firn::engine
