#include "tools/move/sink/stored_counts.h"

#include "base/number.h"
#include "tools/query_answer.h"
#include "tools/server_query.h"

namespace firn::tools {

namespace {

// All samples of a metric in one day; the window's left end is not part of it.
Result<uint64_t> CountDay(std::string_view metric, TimestampMs day, ServerClient* server) {
  const TimestampMs last = day + kDayMs - 1;
  const std::string query =
      fmt::format("sum(count_over_time({{__name__={}}}[1d]))", QuoteGo(metric));
  const std::string form = fmt::format("query={}&time={}&max_source_resolution=0s",
                                       FormEscape(query), FormSeconds(last));
  FIRN_ASSIGN_OR_RETURN(const HttpAnswer answer, PostForm(server, "/api/v1/query", form));
  if (answer.status != 200) {
    return InvalidArgument("counting: the server answered {}: {}", answer.status, answer.body);
  }
  FIRN_ASSIGN_OR_RETURN(const QueryAnswer parsed, ParseAnswer(answer.body));
  if (parsed.series.empty() || parsed.series[0].points.empty()) return 0;
  return static_cast<uint64_t>(ParseFloat(parsed.series[0].points[0].value).value_or(0));
}

}  // namespace

Result<Tallies> CountStoredByQuery(const Tallies& expected, ServerClient* server) {
  Tallies stored;
  for (const auto& [metric, tally] : expected) {
    if (tally.samples == 0) continue;
    for (TimestampMs day = FloorTo(tally.min, kDayMs); day <= tally.max; day += kDayMs) {
      FIRN_ASSIGN_OR_RETURN(const uint64_t count, CountDay(metric, day, server));
      stored[metric].samples += count;
    }
  }
  return stored;
}

}  // namespace firn::tools
