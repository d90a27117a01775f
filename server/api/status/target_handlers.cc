// Firn scrapes nothing, evaluates no rules and notifies nobody: clients that list such things
// find none.
#include "server/api/handlers.h"

namespace firn::server {

Status AnswerRules(const ApiContext&, const HttpRequest&, JsonAnswer* answer) {
  answer->data()->append(R"({"groups":[]})");
  return OkStatus();
}

Status AnswerAlerts(const ApiContext&, const HttpRequest&, JsonAnswer* answer) {
  answer->data()->append(R"({"alerts":[]})");
  return OkStatus();
}

Status AnswerAlertmanagers(const ApiContext&, const HttpRequest&, JsonAnswer* answer) {
  answer->data()->append(R"({"activeAlertmanagers":[],"droppedAlertmanagers":[]})");
  return OkStatus();
}

Status AnswerTargets(const ApiContext&, const HttpRequest&, JsonAnswer* answer) {
  answer->data()->append(R"({"activeTargets":[],"droppedTargets":[],"droppedTargetCounts":{}})");
  return OkStatus();
}

Status AnswerTargetsMetadata(const ApiContext&, const HttpRequest&, JsonAnswer* answer) {
  answer->data()->append("[]");
  return OkStatus();
}

Status AnswerScrapePools(const ApiContext&, const HttpRequest&, JsonAnswer* answer) {
  answer->data()->append(R"({"scrapePools":[]})");
  return OkStatus();
}

Status AnswerNotifications(const ApiContext&, const HttpRequest&, JsonAnswer* answer) {
  answer->data()->append("[]");
  return OkStatus();
}

}  // namespace firn::server
