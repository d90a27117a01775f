// Questions to a server's query API, and times as people type them.
#pragma once

#include <string>
#include <string_view>

#include "base/status.h"
#include "base/time.h"
#include "tools/query_answer.h"
#include "tools/server_access.h"

namespace firn::tools {

// "now", "now-5m", "-1h", "2026-01-31", RFC 3339 or Unix seconds.
Result<TimestampMs> ParseTimeArgument(std::string_view text);

// A value of a form, percent-encoded.
std::string FormEscape(std::string_view text);
// "1700000000.123".
std::string FormSeconds(TimestampMs t);

// Posts a form. Unavailable if the server cannot be reached, with what to do about it;
// InvalidArgument for certificates that cannot be used.
Result<HttpAnswer> PostForm(ServerClient* server, std::string_view path, std::string form);

// The result of a range query. As PostForm, and as ParseAnswer for what the server refuses.
struct RangeQuestion {
  std::string expression;
  TimestampMs start = 0;
  TimestampMs end = 0;  // Included.
  DurationMs step = 0;
};
Result<QueryAnswer> AskRange(ServerClient* server, const RangeQuestion& question);

// The exit code for an error of these calls: 3 for Unavailable, else 1.
int ServerExitCode(const Status& status);

}  // namespace firn::tools
