#include "server/api/status/query_log.h"

#include <algorithm>
#include <iterator>

#include <fmt/core.h>

#include "base/labels.h"

namespace firn::server {
namespace {

constexpr size_t kTextBytesMax = 2048;
constexpr size_t kHeaderBytesMax = 128;

constexpr struct {
  const char* header;
  const char* key;
} kOrigins[] = {{"X-Dashboard-Uid", "dashboard"},
                {"X-Panel-Id", "panel"},
                {"X-Grafana-User", "user"},
                {"User-Agent", "agent"}};

std::string Cut(std::string_view text, size_t bytes_max) {
  if (text.size() <= bytes_max) return QuoteGo(text);
  return QuoteGo(text.substr(0, bytes_max)) + "...";
}

double Seconds(TimestampMs t) { return static_cast<double>(t) / kSecondMs; }

}  // namespace

std::string SlowQueryLine(const FinishedQuery& query) {
  const query::QueryRequest& request = *query.request;
  std::string out = fmt::format(
      "seconds={:.3f} queue_seconds={:.3f} start={:.3f} end={:.3f} step={:.3f}", query.seconds,
      query.queue_seconds, Seconds(request.start), Seconds(request.end), Seconds(request.step));
  auto to = std::back_inserter(out);
  if (const auto& result = *query.result; result.ok()) {
    const size_t series = std::max(result->vector.size(), result->matrix.size());
    fmt::format_to(to, " samples={} peak_samples={} series={} status=ok",
                   result->stats.total_queryable_samples, result->stats.peak_samples, series);
  } else {
    fmt::format_to(to, " status={}", Cut(result.status().message(), kTextBytesMax));
  }
  fmt::format_to(to, " remote={}", QuoteGo(query.http->remote_address));
  if (!query.http->user.empty()) {
    fmt::format_to(to, " user={}", QuoteGo(query.http->user));
  }
  for (const auto& origin : kOrigins) {
    const std::string_view value = query.http->Header(origin.header);
    if (!value.empty()) fmt::format_to(to, " {}={}", origin.key, Cut(value, kHeaderBytesMax));
  }
  fmt::format_to(to, " query={}", Cut(request.text, kTextBytesMax));
  return out;
}

}  // namespace firn::server
