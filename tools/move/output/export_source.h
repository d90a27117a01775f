// Where exported series come from.
#pragma once

#include <string>

#include "base/status.h"
#include "tools/move/output/export_writer.h"
#include "tools/move/selection.h"
#include "tools/server_access.h"

namespace firn::tools {

class Progress;

// Of a data directory that no server has open. Series of one metric follow each other. Unavailable
// if a process has it open, NotFound, Corruption or Io.
Status ExportDirectory(const std::string& path, const Selection& selection, Progress* progress,
                       ExportWriter* writer);
// Of a running server of Firn; `text` are the selectors of the selection as they were typed.
// Unavailable, or InvalidArgument with the server's words.
Status ExportServer(const ServerAccess& access, const Selection& selection,
                    const std::vector<std::string>& text, Progress* progress, ExportWriter* writer);

}  // namespace firn::tools
