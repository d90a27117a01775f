#include "tools/server_query.h"

#include <fmt/core.h>

#include "base/clock.h"
#include "base/duration.h"
#include "server/codec/params.h"

namespace firn::tools {

Result<TimestampMs> ParseTimeArgument(std::string_view text) {
  const std::string_view whole = text;
  if (text.starts_with("now")) text.remove_prefix(3);
  const TimestampMs now = Clock::System()->NowMs();
  if (text.empty() && !whole.empty()) return now;
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) {
    const auto distance = ParseDuration(text.substr(1));
    if (distance.ok()) return text[0] == '-' ? now - *distance : now + *distance;
  }
  // A date is its first moment.
  constexpr size_t kDateSize = 10;
  if (text.size() == kDateSize && text[4] == '-' && text[7] == '-') {
    return server::ParseTimeParam(std::string(text) + "T00:00:00Z");
  }
  return server::ParseTimeParam(whole);
}

std::string FormEscape(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    out += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

std::string FormSeconds(TimestampMs t) {
  return fmt::format("{}.{:03}", FloorTo(t, 1000) / 1000, t - FloorTo(t, 1000));
}

Result<HttpAnswer> PostForm(ServerClient* server, std::string_view path, std::string form) {
  auto answer = server->client.Post(server->prefix + std::string(path),
                                    "application/x-www-form-urlencoded", "", std::move(form));
  if (!answer.ok() && answer.status().code() == StatusCode::kUnavailable) {
    return Unavailable("{}; is `firn serve` running there? --server names another URL",
                       answer.status().message());
  }
  if (answer.ok() && answer->status == 401) {
    return InvalidArgument(
        "the server wants credentials: give --user with --password-file, or --bearer-token-file");
  }
  return answer;
}

Result<QueryAnswer> AskRange(ServerClient* server, const RangeQuestion& question) {
  FIRN_ASSIGN_OR_RETURN(
      const HttpAnswer answer,
      PostForm(server, "/api/v1/query_range",
               fmt::format("query={}&start={}&end={}&step={}", FormEscape(question.expression),
                           FormSeconds(question.start), FormSeconds(question.end),
                           FormSeconds(question.step))));
  return ParseAnswer(answer.body);
}

int ServerExitCode(const Status& status) {
  constexpr int kFailed = 1;
  constexpr int kUnreachable = 3;
  return status.code() == StatusCode::kUnavailable ? kUnreachable : kFailed;
}

}  // namespace firn::tools
