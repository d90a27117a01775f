#include "base/labels.h"
#include "server/api/handlers.h"
#include "server/api/request_params.h"

namespace firn::server {

Status AnswerSeal(const ApiContext& context, const HttpRequest&, JsonAnswer* answer) {
  FIRN_RETURN_IF_ERROR(context.admin->Seal());
  answer->SetNoContent();
  return OkStatus();
}

Status AnswerCompact(const ApiContext& context, const HttpRequest& request, JsonAnswer* answer) {
  const std::string* param = request.Param("force");
  const std::string_view force = param == nullptr ? "false" : std::string_view(*param);
  if (force != "true" && force != "false") {
    return InParameter(InvalidArgument("{} is neither true nor false", QuoteGo(force)), "force");
  }
  FIRN_RETURN_IF_ERROR(context.admin->Compact(force == "true"));
  answer->SetNoContent();
  return OkStatus();
}

Status AnswerDeleteSeries(const ApiContext& context, const HttpRequest& request,
                          JsonAnswer* answer) {
  FIRN_ASSIGN_OR_RETURN(const std::vector<Matchers> selectors, MatchParams(request, true));
  if (selectors.empty()) return InvalidArgument("no match[] parameter provided");
  FIRN_ASSIGN_OR_RETURN(const TimeRange range, OptionalRange(request));
  FIRN_RETURN_IF_ERROR(context.admin->DeleteSeries(selectors, range));
  answer->SetNoContent();
  return OkStatus();
}

Status AnswerCleanTombstones(const ApiContext& context, const HttpRequest&, JsonAnswer* answer) {
  FIRN_RETURN_IF_ERROR(context.admin->CleanTombstones());
  answer->SetNoContent();
  return OkStatus();
}

Status AnswerConfirmTime(const ApiContext& context, const HttpRequest&, JsonAnswer* answer) {
  FIRN_RETURN_IF_ERROR(context.admin->ConfirmTime());
  answer->SetNoContent();
  return OkStatus();
}

}  // namespace firn::server
