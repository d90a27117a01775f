#include "server/app/lifecycle/lifecycle_routes.h"

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

class QuitHandler : public Handler {
 public:
  explicit QuitHandler(std::function<void()> quit) : quit_(std::move(quit)) {}

  void Handle(const HttpRequest&, ResponseWriter& response) override {
    HttpResponse answer;
    answer.content_type = "text/plain; charset=utf-8";
    answer.status = quit_ ? 200 : 403;
    answer.body = quit_ ? "Requesting termination... Goodbye!" : "/-/quit needs http_quit\n";
    response.Send(std::move(answer));
    if (quit_) quit_();
  }

 private:
  const std::function<void()> quit_;
};

void AddRoute(std::string_view path, std::unique_ptr<Handler> handler, Router* router) {
  Route route;
  route.pattern = path;
  route.methods = {Method::kPost, Method::kPut};
  route.role = Role::kAdmin;
  route.work = WorkClass::kControl;
  route.handler = std::move(handler);
  router->Add(std::move(route));
}

}  // namespace

void AddLifecycleRoutes(LiveConfig* config, std::function<void()> quit, Router* router) {
  AddRoute("/-/reload", std::make_unique<ReloadHandler>(config), router);
  AddRoute("/-/quit", std::make_unique<QuitHandler>(std::move(quit)), router);
}

}  // namespace firn::server
