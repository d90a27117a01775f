// What costs what, from a directory or from a running server.
#pragma once

#include <string>
#include <vector>

#include "base/status.h"
#include "engine/api/costs.h"
#include "tools/server_access.h"

namespace firn::tools {

struct CostSource {
  std::string data;  // A directory that no server has open, or
  ServerAccess access;
};

struct CostAnswer {
  engine::CostReport report;
  std::vector<std::string> notes;  // What could not be read.
};

// `select` are selectors. InvalidArgument for these; Unavailable if the directory is open or the
// server does not answer.
Result<CostAnswer> ReadCosts(const CostSource& source, size_t limit,
                             const std::vector<std::string>& select);

}  // namespace firn::tools
