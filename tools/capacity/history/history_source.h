// Where histories are read from: a server, or a data directory that no server has open.
#pragma once

#include <optional>
#include <string>

#include "base/status.h"
#include "tools/capacity/history/history.h"
#include "tools/server_access.h"

namespace firn::tools {

struct HistorySource {
  HistoryReader read;
  // The newest stored sample, for directories; nothing may have been stored for long.
  std::optional<TimestampMs> newest = {};
};

// Through query_range, in slices that stay below what servers answer at once (11,000 points).
// InvalidArgument for a bad URL, NotFound for a file of credentials that cannot be read. The
// connection is made by the first question.
Result<HistorySource> ServerHistory(const ServerAccess& access, HistoryProgress progress);

// Opens a data directory and evaluates in this process; the directory is closed with the last
// copy of the reader. Nothing is sealed, merged or dropped. Unavailable if somebody has it open.
Result<HistorySource> DirectoryHistory(const std::string& path, HistoryProgress progress);

}  // namespace firn::tools
