// A server on a free port of loopback with a few routes.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <thread>
#include <utility>

#include <gtest/gtest.h>

#include "server/http/server.h"
#include "tests/server/http/raw_client.h"

namespace firn::server {

class FunctionHandler : public Handler {
 public:
  using Function = std::function<void(const HttpRequest&, ResponseWriter&)>;
  explicit FunctionHandler(Function function) : function_(std::move(function)) {}
  void Handle(const HttpRequest& request, ResponseWriter& response) override {
    function_(request, response);
  }

 private:
  Function function_;
};

inline Route MakeRoute(std::string pattern, std::vector<Method> methods, WorkClass work,
                       FunctionHandler::Function function) {
  Route route;
  route.pattern = std::move(pattern);
  route.methods = std::move(methods);
  route.work = work;
  route.handler = std::make_unique<FunctionHandler>(std::move(function));
  return route;
}

inline void SendText(ResponseWriter& out, std::string text, int status = 200) {
  HttpResponse response;
  response.status = status;
  response.content_type = "text/plain";
  response.body = std::move(text);
  out.Send(std::move(response));
}

// Waits for what another thread brings about; false after a minute: a deadline for what
// hangs, far above what a busy machine needs.
template <typename Condition>
bool Eventually(const Condition& condition) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(1);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

class ServerFixture : public testing::Test {
 protected:
  ServerFixture() {
    router_.Add(MakeRoute("/echo", {Method::kGet, Method::kPost}, WorkClass::kControl,
                          [](const HttpRequest& request, ResponseWriter& out) {
                            std::string text = request.path + "|";
                            for (const auto& [name, value] : request.params) {
                              text += name + "=" + value + ";";
                            }
                            SendText(out, text + "|" + request.body);
                          }));
    router_.Add(MakeRoute("/api/v1/label/{name}/values", {Method::kGet}, WorkClass::kQuery,
                          [](const HttpRequest& request, ResponseWriter& out) {
                            SendText(out, request.path_params.at(0));
                          }));
  }
  void StartServer() {
    server_ = std::make_unique<HttpServer>(options_, std::move(router_), &metrics_);
    ASSERT_TRUE(server_->Start().ok());
  }
  uint16_t port() const { return server_->port(); }

  HttpServerOptions options_;
  Router router_;
  MetricsRegistry metrics_;
  std::unique_ptr<HttpServer> server_;
};

}  // namespace firn::server
