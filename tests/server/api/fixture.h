// The routes of the API over a store in memory, called without sockets.
#pragma once

#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "server/api/context.h"
#include "tests/server/api/fake_store.h"

namespace firn::server {

struct Reply {
  int status = 0;
  std::string body;
  std::vector<NameValue> headers;
  std::string content_type;

  std::string Header(std::string_view name) const {
    for (const auto& [key, value] : headers) {
      if (key == name) return value;
    }
    return "";
  }
};

class ReplyWriter : public ResponseWriter {
 public:
  explicit ReplyWriter(Reply* reply) : reply_(reply) {}
  void Send(HttpResponse response) override {
    reply_->body = response.body;
    Begin(std::move(response));
  }
  void Begin(HttpResponse head) override {
    reply_->status = head.status;
    reply_->headers = head.headers;
    reply_->content_type = head.content_type;
  }
  bool Write(std::string_view part) override {
    reply_->body += part;
    return true;
  }

 private:
  Reply* reply_;
};

class ApiFixture : public testing::Test {
 protected:
  static constexpr size_t kUnpackedBytesMax = 20 << 20;

  ApiFixture() : engine_(query::EngineOptions()), clock_(1'000'000) {
    ApiContext context;
    context.appendable = &store_;
    context.queryable = &store_;
    context.admin = &store_;
    context.exemplars = &store_;
    context.engine = &engine_;
    context.metrics = &metrics_;
    context.clock = &clock_;
    context.build = {"1.2.3", "abcdef", "20260102-03:04:05"};
    context.start_time = 5000;
    context.config = [] {
      ConfigInfo info;
      info.yaml = "retention: 30d\n";
      info.storage_retention = "30d";
      info.flags = {{"data", "/d"}, {"query-timeout", "2m"}};
      info.loaded = 5000;
      return info;
    };
    context.slow_query_ms = &slow_query_ms_;
    context.replay = [] { return engine::ReplayProgress{3, 9, 7}; };
    context.zero_starts = true;
    context.unpacked_body_bytes_max = kUnpackedBytesMax;
    AddApiRoutes(context, &router_);
    AddOpeningRoutes(context, &opening_);
  }

  // `target` as in a request line. A form is what the HTTP layer has made of a body.
  Reply Call(Method method, std::string_view target, std::string_view form = "",
             std::string body = "", std::vector<NameValue> headers = {}) {
    return CallOf(router_, method, target, form, std::move(body), std::move(headers));
  }
  static Reply CallOf(const Router& router, Method method, std::string_view target,
                      std::string_view form = "", std::string body = "",
                      std::vector<NameValue> headers = {}) {
    HttpRequest request;
    request.method = method;
    request.received = std::chrono::steady_clock::now();
    EXPECT_TRUE(ParseForm(form, &request.params).ok());
    EXPECT_TRUE(ParseTarget(target, &request).ok());
    request.body = std::move(body);
    request.headers = std::move(headers);
    Reply reply;
    const Route* route = router.Find(request.path_segments, &request.path_params);
    if (route == nullptr || !route->Allows(method)) {
      reply.status = route == nullptr ? 404 : 405;
      return reply;
    }
    ReplyWriter writer(&reply);
    route->handler->Handle(request, writer);
    return reply;
  }
  Reply Get(std::string_view target) { return Call(Method::kGet, target); }

  std::atomic<DurationMs> slow_query_ms_ = 0;
  FakeStore store_;
  query::QueryEngine engine_;
  FakeClock clock_;
  MetricsRegistry metrics_;
  Router router_;
  Router opening_;
};

}  // namespace firn::server
