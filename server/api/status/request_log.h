// One line of the log for a request: what was asked, how it ended, and who asked.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "server/http/server.h"

namespace firn::server {

enum class RequestLog : uint8_t { kOff, kErrors, kAll };

// "off", "errors" or "all"; nothing for another text.
std::optional<RequestLog> ParseRequestLog(std::string_view text);

// Whether `log` wants an answer of this status.
bool WantsRequest(RequestLog log, int status);

// `method=POST path="/api/v1/query_range" status=200 seconds=0.004120 queue_seconds=0.000031
// request_bytes=120 answer_bytes=5120 remote="127.0.0.1" ... query="up"`: after the remote address
// the user and of Grafana's headers those that came, then what was asked for. Credentials and
// parameters that are not Firn's are never in it; long texts are cut.
std::string RequestLine(const AnsweredRequest& answered);

// For lines of the log: quoted, and cut to `bytes_max`.
std::string QuoteForLog(std::string_view text, size_t bytes_max);
// ` remote="..." user="..." dashboard="..."`: who asked, as far as the request tells.
void AppendOrigin(const HttpRequest& request, std::string* line);

}  // namespace firn::server
