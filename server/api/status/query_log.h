// One line of the log for each query that took long.
#pragma once

#include <string>

#include "query/exec/query_engine.h"
#include "server/http/message.h"

namespace firn::server {

struct FinishedQuery {
  const query::QueryRequest* request = nullptr;
  const HttpRequest* http = nullptr;
  double seconds = 0;        // Of evaluation.
  double queue_seconds = 0;  // Before it.
  const Result<query::QueryResult>* result = nullptr;
};

// `seconds=12.3 queue_seconds=0 start=1700000000 end=... step=15 samples=... peak_samples=...
// series=... remote=... status=ok query="..."`, and of Grafana's headers those that came. Long
// texts are cut.
std::string SlowQueryLine(const FinishedQuery& query);

}  // namespace firn::server
