// Query results as JSON.
#pragma once

#include "query/exec/query_result.h"
#include "server/api/answer.h"

namespace firn::server {

struct StatsOptions {
  bool wanted = false;
  bool per_step = false;
  double queue_seconds = 0;
  TimestampMs start = 0;  // Of the query, to date the steps.
  DurationMs step = 0;
};

// {"resultType":...,"result":...,"stats":...}, at most `limit` series (0: all), and the
// warnings and infos. Gives up quietly when the client has gone.
void WriteQueryResult(query::QueryResult result, size_t limit, const StatsOptions& stats,
                      JsonAnswer* answer);

}  // namespace firn::server
