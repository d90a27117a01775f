#include <charconv>

#include "base/number.h"
#include "server/api/handlers.h"
#include "server/api/json_object.h"
#include "server/api/status/active_queries.h"

namespace firn::server {

Status AnswerActiveQueries(const ApiContext& context, const HttpRequest&, JsonAnswer* answer) {
  const auto now = std::chrono::steady_clock::now();
  std::string* out = answer->data();
  out->push_back('[');
  bool first = true;
  for (const ActiveQuery& query : context.active_queries->List()) {
    if (!first) out->push_back(',');
    first = false;
    std::string start;
    std::string end;
    AppendJsonTime(query.start, &start);
    AppendJsonTime(query.end, &end);
    ObjectWriter object(out);
    object.Text("id", std::to_string(query.id));
    object.Text("query", query.text);
    object.Text("remoteAddress", query.remote_address);
    object.Raw("start", start);
    object.Raw("end", end);
    object.Raw("step", FormatFloatF(static_cast<double>(query.step) / 1000));
    object.Raw("duration",
               fmt::format("{:.3f}", std::chrono::duration<double>(now - query.since).count()));
    object.End();
  }
  out->push_back(']');
  return OkStatus();
}

Status AnswerCancelQuery(const ApiContext& context, const HttpRequest& request,
                         JsonAnswer* answer) {
  const std::string* text = request.Param("id");
  const std::string_view digits = text == nullptr ? "" : std::string_view(*text);
  uint64_t id = 0;
  const auto [end, ec] = std::from_chars(digits.data(), digits.data() + digits.size(), id);
  if (ec != std::errc() || end != digits.data() + digits.size()) {
    return InParameter(InvalidArgument("must be the id of a running query"), "id");
  }
  if (!context.active_queries->Cancel(id)) return NotFound("no query with id {} is running", id);
  answer->SetNoContent();
  return OkStatus();
}

}  // namespace firn::server
