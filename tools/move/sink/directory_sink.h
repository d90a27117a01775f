// A data directory that no server has open, which is the fastest target: no network, no journal.
#pragma once

#include <memory>
#include <string>

#include "tools/move/sink/import_sink.h"

namespace firn::tools {

struct DirectorySinkOptions {
  std::string path;
  uint64_t buffer_bytes = uint64_t{256} << 20;  // Twice that may be held.
};

// Opens the directory, or makes it. Unavailable if a process has it open, Corruption or Io. A
// portion is stored by another thread while the next one is collected.
Result<std::unique_ptr<ImportSink>> OpenDirectorySink(const DirectorySinkOptions& options);

}  // namespace firn::tools
