// A running server that takes Prometheus' remote write.
#pragma once

#include <memory>

#include "tools/move/sink/import_sink.h"
#include "tools/server_access.h"

namespace firn::tools {

struct ServerSinkOptions {
  ServerAccess access;
  DurationMs retry_ms = 5 * kMinuteMs;  // How long a request is repeated that may succeed later.
  uint64_t rejected_max = 10'000;       // More samples that the server refuses end the import.
};

// Does not connect yet. InvalidArgument for a bad URL or options that do not fit each other.
Result<std::unique_ptr<ImportSink>> MakeServerSink(const ServerSinkOptions& options);

}  // namespace firn::tools
