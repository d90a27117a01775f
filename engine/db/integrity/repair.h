// Makes a directory that holds all that verifies of another one.
#pragma once

#include <string>

#include "base/status.h"
#include "engine/db/integrity/health.h"
#include "engine/db/integrity/verify.h"

namespace firn::engine {

struct RepairOptions {
  std::string source;  // Not changed.
  std::string target;  // Must not exist, or be empty.
  IntegrityProgress progress = nullptr;
};

// What was damaged in the source, with the fate of each window. A window of which a part verifies
// keeps that part; tiers answer for the rest of it if they hold it. A damaged tier of which all raw
// samples are there is left out, since the next start makes it anew. `target` exists, complete and
// durable, only if the result is OK. Errors of VerifyStore; InvalidArgument if `target` is not
// empty; those of the disk.
Result<StoreHealth> RepairStore(const RepairOptions& options);

// The same, after which `path` holds the result and `path`.before-repair what was there. Nothing
// is moved if nothing is damaged.
Result<StoreHealth> RepairInPlace(const std::string& path, const IntegrityProgress& progress);

}  // namespace firn::engine
