#include "server/api/request_params.h"

#include <algorithm>

#include "query/parser/parser.h"
#include "server/api/answer.h"
#include "server/codec/params.h"

namespace firn::server {

namespace {

const std::string* NonEmpty(const HttpRequest& request, std::string_view name) {
  const std::string* value = request.Param(name);
  return value != nullptr && !value->empty() ? value : nullptr;
}

}  // namespace

Result<TimestampMs> OptionalTime(const HttpRequest& request, std::string_view name,
                                 TimestampMs fallback) {
  const std::string* text = NonEmpty(request, name);
  if (text == nullptr) return fallback;
  auto time = ParseTimeParam(*text);
  if (time.ok()) return time;
  return InParameter(
      InvalidArgument("invalid time value for '{}': {}", name, time.status().message()), name);
}

Result<TimestampMs> RequiredTime(const HttpRequest& request, std::string_view name) {
  const std::string* text = request.Param(name);
  auto time = ParseTimeParam(text == nullptr ? "" : *text);
  if (time.ok()) return time;
  return InParameter(time.status(), name);
}

Result<std::optional<DurationMs>> OptionalDuration(const HttpRequest& request,
                                                   std::string_view name) {
  const std::string* text = NonEmpty(request, name);
  if (text == nullptr) return std::optional<DurationMs>();
  auto duration = ParseDurationParam(*text);
  if (duration.ok()) return std::optional<DurationMs>(*duration);
  return InParameter(duration.status(), name);
}

Result<size_t> OptionalLimit(const HttpRequest& request) {
  const std::string* text = NonEmpty(request, "limit");
  if (text == nullptr) return size_t{0};
  auto limit = ParseLimitParam(*text);
  if (limit.ok()) return limit;
  return InParameter(limit.status(), "limit");
}

Result<TimeRange> OptionalRange(const HttpRequest& request) {
  TimeRange range;
  FIRN_ASSIGN_OR_RETURN(range.min, OptionalTime(request, "start", kMinTimestamp));
  FIRN_ASSIGN_OR_RETURN(range.max, OptionalTime(request, "end", kMaxTimestamp));
  return range;
}

Result<std::vector<Matchers>> MatchParams(const HttpRequest& request, bool need_condition) {
  std::vector<Matchers> sets;
  for (const std::string_view text : request.Params("match[]")) {
    auto matchers = query::ParseSelector(text);
    if (!matchers.ok()) return InParameter(matchers.status(), "match[]");
    const bool empty = std::all_of(matchers->begin(), matchers->end(),
                                   [](const Matcher& m) { return m.MatchesEmpty(); });
    if (empty && need_condition) {
      return InParameter(InvalidArgument("match[] must contain at least one non-empty matcher"),
                         "match[]");
    }
    sets.push_back(*std::move(matchers));
  }
  return sets;
}

}  // namespace firn::server
