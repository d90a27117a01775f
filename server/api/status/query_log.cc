#include "server/api/status/query_log.h"

#include <algorithm>

#include <fmt/core.h>

#include "server/api/status/request_log.h"

namespace firn::server {
namespace {

constexpr size_t kTextBytesMax = 2048;

double Seconds(TimestampMs t) { return static_cast<double>(t) / kSecondMs; }

}  // namespace

std::string SlowQueryLine(const FinishedQuery& query) {
  const query::QueryRequest& request = *query.request;
  std::string out = fmt::format(
      "seconds={:.3f} queue_seconds={:.3f} start={:.3f} end={:.3f} step={:.3f}", query.seconds,
      query.queue_seconds, Seconds(request.start), Seconds(request.end), Seconds(request.step));
  if (const auto& result = *query.result; result.ok()) {
    const size_t series = std::max(result->vector.size(), result->matrix.size());
    out += fmt::format(" samples={} peak_samples={} peak_bytes={} series={} status=ok",
                       result->stats.total_queryable_samples, result->stats.peak_samples,
                       result->stats.peak_bytes, series);
  } else {
    out += fmt::format(" status={}", QuoteForLog(result.status().message(), kTextBytesMax));
  }
  AppendOrigin(*query.http, &out);
  out += fmt::format(" query={}", QuoteForLog(request.text, kTextBytesMax));
  return out;
}

}  // namespace firn::server
