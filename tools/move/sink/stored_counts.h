// Asks a server how many samples it has.
#pragma once

#include "tools/move/sink/import_sink.h"
#include "tools/server_access.h"

namespace firn::tools {

// As ImportSink::CountStored, over whole UTC days. Unavailable, or InvalidArgument if the server
// cannot answer.
Result<Tallies> CountStoredByQuery(const Tallies& expected, ServerClient* server);

}  // namespace firn::tools
