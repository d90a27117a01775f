// Parameters that several handlers read.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "base/matcher.h"
#include "base/status.h"
#include "base/time.h"
#include "server/http/message.h"

namespace firn::server {

// `fallback` if the parameter is absent or empty. Errors name the parameter, twice as
// Prometheus does.
Result<TimestampMs> OptionalTime(const HttpRequest& request, std::string_view name,
                                 TimestampMs fallback);
// An error if the parameter is absent.
Result<TimestampMs> RequiredTime(const HttpRequest& request, std::string_view name);
Result<std::optional<DurationMs>> OptionalDuration(const HttpRequest& request,
                                                   std::string_view name);
// 0 (no limit) if absent.
Result<size_t> OptionalLimit(const HttpRequest& request);
// `start` and `end`, all of time if absent.
Result<TimeRange> OptionalRange(const HttpRequest& request);
// Every match[]; with `need_condition` each must hold a matcher that refuses "".
Result<std::vector<Matchers>> MatchParams(const HttpRequest& request, bool need_condition);

}  // namespace firn::server
