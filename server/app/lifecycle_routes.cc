#include "server/app/lifecycle_routes.h"

#include <fmt/format.h>

namespace firn::server {

namespace {

class ReloadHandler : public Handler {
 public:
  explicit ReloadHandler(LiveConfig* config) : config_(*config) {}

  void Handle(const HttpRequest&, ResponseWriter& response) override {
    const auto restart = config_.Reload();
    HttpResponse answer;
    answer.content_type = "text/plain; charset=utf-8";
    if (!restart.ok()) {
      answer.status = 500;
      answer.body = fmt::format("failed to reload config: {}\n", restart.status().message());
    } else if (!restart->empty()) {
      answer.body = fmt::format("in force after a restart only: {}\n", fmt::join(*restart, ", "));
    }
    response.Send(std::move(answer));
  }

 private:
  LiveConfig& config_;
};

}  // namespace

void AddLifecycleRoutes(LiveConfig* config, Router* router) {
  Route route;
  route.pattern = "/-/reload";
  route.methods = {Method::kPost, Method::kPut};
  route.work = WorkClass::kControl;
  route.handler = std::make_unique<ReloadHandler>(config);
  router->Add(std::move(route));
}

}  // namespace firn::server
