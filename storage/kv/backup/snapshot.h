// A copy of an open store in a directory of its own. Internal to storage/kv.
#pragma once

#include <string>

#include "base/status.h"
#include "storage/kv/open_db.h"

namespace firn::storage {

// Makes `path`, which can be opened as a store and holds at least what was synced up to
// record `sequence`. Durable and complete on return; after an error or a crash `path` does not
// exist. InvalidArgument if it exists already.
Status MakeSnapshot(const OpenDb& db, uint64_t sequence, const std::string& path);

}  // namespace firn::storage
