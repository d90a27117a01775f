// A server that speaks Prometheus' remote read with streamed chunks.
#pragma once

#include <memory>

#include "tools/move/selection.h"
#include "tools/move/source/import_source.h"
#include "tools/server_access.h"

namespace firn::tools {

struct RemoteSourceOptions {
  ServerAccess access;
  Selection selection;                // Its range must begin and end somewhere.
  DurationMs slice_ms = 2 * kHourMs;  // Asked for at a time.
};

// Does not connect yet. InvalidArgument for a bad URL or a range without an end. Borrows `visitor`.
Result<std::unique_ptr<ImportSource>> MakeRemoteSource(const RemoteSourceOptions& options,
                                                       server::WriteVisitor* visitor);

}  // namespace firn::tools
