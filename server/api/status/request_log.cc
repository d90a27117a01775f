#include "server/api/status/request_log.h"

#include <fmt/core.h>

#include "base/labels.h"

namespace firn::server {
namespace {

constexpr size_t kTextBytesMax = 2048;
constexpr size_t kHeaderBytesMax = 128;

constexpr struct {
  const char* header;
  const char* key;
} kOrigins[] = {{"X-Grafana-Org-Id", "org"},      {"X-Datasource-Uid", "datasource"},
                {"X-Dashboard-Uid", "dashboard"}, {"X-Panel-Id", "panel"},
                {"X-Query-Group-Id", "group"},    {"X-Rule-Uid", "rule"},
                {"FromAlert", "alert"},           {"X-Grafana-User", "grafana_user"},
                {"traceparent", "trace"},         {"User-Agent", "agent"}};

// Others may be anything, a token that somebody put into the URL included.
constexpr const char* kParams[] = {"query", "match[]", "time", "start", "end", "step"};

}  // namespace

std::optional<RequestLog> ParseRequestLog(std::string_view text) {
  if (text == "off") return RequestLog::kOff;
  if (text == "errors") return RequestLog::kErrors;
  if (text == "all") return RequestLog::kAll;
  return std::nullopt;
}

bool WantsRequest(RequestLog log, int status) {
  return log == RequestLog::kAll || (log == RequestLog::kErrors && status >= 400);
}

std::string QuoteForLog(std::string_view text, size_t bytes_max) {
  if (text.size() <= bytes_max) return QuoteGo(text);
  return QuoteGo(text.substr(0, bytes_max)) + "...";
}

void AppendOrigin(const HttpRequest& request, std::string* line) {
  *line += fmt::format(" remote={}", QuoteGo(request.remote_address));
  if (!request.user.empty()) *line += fmt::format(" user={}", QuoteGo(request.user));
  for (const auto& origin : kOrigins) {
    const std::string_view value = request.Header(origin.header);
    if (!value.empty()) {
      *line += fmt::format(" {}={}", origin.key, QuoteForLog(value, kHeaderBytesMax));
    }
  }
}

std::string RequestLine(const AnsweredRequest& answered) {
  const HttpRequest& request = answered.request;
  std::string line = fmt::format(
      "method={} path={} status={} seconds={:.6f} queue_seconds={:.6f} request_bytes={} "
      "answer_bytes={}",
      MethodName(request.method), QuoteForLog(request.path, kTextBytesMax), answered.status,
      answered.seconds, answered.queue_seconds, request.body.size(), answered.body_bytes);
  AppendOrigin(request, &line);
  for (const char* name : kParams) {
    for (const std::string_view value : request.Params(name)) {
      line += fmt::format(" {}={}", name, QuoteForLog(value, kTextBytesMax));
      if (line.size() > 4 * kTextBytesMax) return line + " ...";
    }
  }
  return line;
}

}  // namespace firn::server
