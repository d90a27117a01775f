// What clients may take of the server, and what it tells of that.
#include <algorithm>
#include <mutex>
#include <thread>

#include "tests/server/http/transports.h"

namespace firn::server {
namespace {

using std::chrono::milliseconds;

std::string GetPath(const std::string& path) {
  return "GET " + path + " HTTP/1.1\r\nHost: a\r\n\r\n";
}

class LimitsTest : public TransportFixture {
 protected:
  LimitsTest() {
    options_.tick = milliseconds(10);
    router_.Add(MakeRoute("/endless", {Method::kGet}, WorkClass::kQuery,
                          [this](const HttpRequest&, ResponseWriter& out) {
                            HttpResponse head;
                            head.content_type = "text/plain";
                            out.Begin(std::move(head));
                            const std::string text(100'000, 'x');
                            while (out.Write(text)) continue;
                            write_failed_ = true;
                          }));
    router_.Add(MakeRoute("/block", {Method::kGet}, WorkClass::kQuery,
                          [this](const HttpRequest& request, ResponseWriter& out) {
                            ++blocked_;
                            while (!release_ && !request.cancelled) std::this_thread::yield();
                            SendText(out, "done");
                          }));
  }
  double Metric(std::string_view name, std::string_view label_value = "") const {
    for (const MetricFamily& family : metrics_.Collect()) {
      if (family.name != name) continue;
      for (const MetricPoint& point : family.points) {
        if (label_value.empty() || point.labels.front().second == label_value) return point.value;
      }
    }
    return -1;
  }

  std::atomic<int> blocked_{0};
  std::atomic<bool> release_{false};
  std::atomic<bool> write_failed_{false};
};

TEST_P(LimitsTest, DropsConnectionsThatNeverAsk) {
  options_.head_timeout = options_.handshake_timeout = milliseconds(50);
  StartServer();
  AnyClient used(endpoint());
  EXPECT_EQ(StatusOf(used.Exchange(GetPath("/echo"))), 200);
  AnyClient fresh(endpoint());
  EXPECT_TRUE(fresh.ReadsEnd());
  // The one that has asked before may wait for idle_timeout.
  EXPECT_EQ(StatusOf(used.Exchange(GetPath("/echo"))), 200);
}

TEST_P(LimitsTest, WhoWaitsLongestMakesRoom) {
  options_.connections_max = 3;
  StartServer();
  AnyClient idle(endpoint());
  EXPECT_EQ(StatusOf(idle.Exchange(GetPath("/echo"))), 200);
  AnyClient partly(endpoint());
  const std::string begun = "GET /echo HT";
  EXPECT_EQ(StatusOf(partly.Exchange(GetPath("/echo") + begun)), 200);
  AnyClient busy(endpoint());
  busy.Send(GetPath("/block"));
  ASSERT_TRUE(Eventually([&] { return blocked_ == 1; }));
  // Nobody waits for a second yet, or somebody does: in the end the newcomer gets in.
  EXPECT_TRUE(Eventually([&] {
    // An answer is there a moment before its server takes the time from which it waits.
    partly.Exchange(GetPath("/echo").substr(begun.size()) + begun);
    AnyClient next(endpoint());
    return StatusOf(next.Exchange(GetPath("/echo"))) == 200;
  }));
  EXPECT_TRUE(idle.ReadsEnd());
  EXPECT_GE(Metric("firn_http_connections_evicted_total"), 1);
  release_ = true;
  EXPECT_EQ(BodyOf(busy.ReadResponse()), "done");
}

TEST_P(LimitsTest, DropsClientsThatReadLittleByLittle) {
  options_.write_timeout = milliseconds(100);
  options_.answer_bytes_per_second = 1 << 30;
  StartServer();
  AnyClient client(endpoint());
  client.Send(GetPath("/endless"));
  // It never stops reading for as long as write_timeout, yet does not keep the pace.
  EXPECT_TRUE(Eventually([&] {
    client.Fill(milliseconds(1));
    std::this_thread::sleep_for(milliseconds(1));
    return write_failed_.load();
  }));
}

TEST_P(LimitsTest, AClaimedLengthHoldsNoMemory) {
  options_.body_bytes_inflight_max = 400'000;
  StartServer();
  const auto post = [](size_t length) {
    return "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(length) +
           "\r\n\r\n";
  };
  AnyClient first(endpoint());
  AnyClient second(endpoint());
  first.Send(post(300'000) + "a");
  second.Send(post(300'000) + "a");
  AnyClient honest(endpoint());
  EXPECT_EQ(StatusOf(honest.Exchange(post(100'000) + std::string(100'000, 'x'))), 200);
  // Its bytes are given back just after its answer is out; the others have what one read takes.
  ASSERT_TRUE(Eventually([&] { return Metric("firn_http_body_bytes") <= 2 * (64 << 10); }));
  first.Send(std::string(299'999, 'x'));
  EXPECT_EQ(StatusOf(first.ReadResponse()), 200);
}

TEST_P(LimitsTest, WhatComesBeyondTheBudgetIsRefusedOnItsWay) {
  options_.body_bytes_inflight_max = 400'000;
  StartServer();
  AnyClient client(endpoint());
  client.Send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 900000\r\n\r\n" +
              std::string(500'000, 'x'));
  const std::string response = client.ReadResponse();
  EXPECT_EQ(StatusOf(response), 503);
  EXPECT_NE(response.find("Retry-After: 1"), std::string::npos);
  EXPECT_EQ(Metric("firn_http_bodies_refused_total"), 1);
  client.Close();
  EXPECT_TRUE(Eventually([&] { return Metric("firn_http_body_bytes") == 0; }));
}

TEST_P(LimitsTest, TellsHowManyRequestsWaitAndRun) {
  options_.pools[static_cast<size_t>(WorkClass::kQuery)] = {.threads = 1, .queue_max = 8};
  StartServer();
  AnyClient running(endpoint());
  running.Send(GetPath("/block"));
  ASSERT_TRUE(Eventually([&] { return blocked_ == 1; }));
  AnyClient waiting(endpoint());
  waiting.Send(GetPath("/block"));
  EXPECT_TRUE(Eventually([&] { return Metric("firn_http_requests_waiting", "query") == 1; }));
  EXPECT_EQ(Metric("firn_http_requests_running", "query"), 1);
  release_ = true;
  EXPECT_EQ(BodyOf(running.ReadResponse()), "done");
  EXPECT_EQ(BodyOf(waiting.ReadResponse()), "done");
  EXPECT_EQ(Metric("firn_http_requests_waiting", "query"), 0);
  EXPECT_EQ(Metric("firn_http_requests_running", "query"), 0);
}

TEST_P(LimitsTest, TellsOfEveryAnswer) {
  std::mutex mutex;
  std::vector<std::string> seen;
  options_.on_answered = [&](const AnsweredRequest& answered) {
    const std::lock_guard lock(mutex);
    seen.push_back(std::to_string(answered.status) + answered.request.path +
                   (answered.route == nullptr ? "" : " " + answered.route->pattern));
  };
  StartServer();
  AnyClient client(endpoint());
  client.Exchange(GetPath("/echo"));
  client.Exchange(GetPath("/api/v1/label/job/values"));
  client.Exchange(GetPath("/nowhere"));
  client.Exchange("DELETE /echo HTTP/1.1\r\nHost: a\r\n\r\n");
  client.Exchange("nonsense\r\n\r\n");
  const std::lock_guard lock(mutex);
  EXPECT_EQ(seen, (std::vector<std::string>{
                      "200/echo /echo", "200/api/v1/label/job/values /api/v1/label/{name}/values",
                      "404/nowhere", "405/echo /echo", "400"}));
}

INSTANTIATE_TEST_SUITE_P(Transports, LimitsTest, AllTransports(), TransportName);

}  // namespace
}  // namespace firn::server
