// Reads all that a data directory holds, without changing it.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/status.h"
#include "engine/db/integrity/health.h"

namespace firn::engine {

// `done` of `total` bytes of the present stage; not exact.
using IntegrityProgress =
    std::function<void(std::string_view stage, uint64_t done, uint64_t total)>;

struct VerifyOptions {
  std::string path;
  // Only what a start reads: catalog, directories of windows, series, journal.
  bool quick = false;
  IntegrityProgress progress = nullptr;
};

// Unavailable if a process has the directory open, NotFound if it holds no store, Corruption or
// Io if its files cannot be made sense of at all.
Result<StoreHealth> VerifyStore(const VerifyOptions& options);

}  // namespace firn::engine
