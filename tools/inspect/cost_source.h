// What costs what, from a directory or from a running server.
#pragma once

#include <string>
#include <vector>

#include "base/status.h"
#include "engine/api/costs.h"
#include "tools/stored_place.h"

namespace firn::tools {

struct CostAnswer {
  engine::CostReport report;
  std::vector<std::string> notes;  // What could not be read.
};

// `select` are selectors. InvalidArgument for these; Unavailable if the directory is open or the
// server does not answer.
Result<CostAnswer> ReadCosts(const StoredPlace& place, size_t limit,
                             const std::vector<std::string>& select);

}  // namespace firn::tools
