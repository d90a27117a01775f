// From settings to the options of the query engine.
#pragma once

#include <string_view>

#include "base/status.h"
#include "query/exec/query_engine.h"
#include "server/app/server_config.h"

namespace firn::server {

// Checks a list of Prometheus' feature names with commas between them. InvalidArgument names
// the one that means nothing here. Those of things that always work are accepted.
Status CheckFeatures(std::string_view names);

// `memory` is that of all queries and goes into the options. REQUIRES: the features are valid.
query::EngineOptions MakeEngineOptions(const ServerConfig& config, MemoryBudget* memory);

}  // namespace firn::server
