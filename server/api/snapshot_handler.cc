#include "server/api/handlers.h"
#include "server/api/json_object.h"

namespace firn::server {

Status AnswerSnapshot(const ApiContext& context, const HttpRequest&, JsonAnswer* answer) {
  FIRN_ASSIGN_OR_RETURN(const std::string name, context.admin->Snapshot());
  ObjectWriter object(answer->data());
  object.Text("name", name);
  object.End();
  return OkStatus();
}

}  // namespace firn::server
