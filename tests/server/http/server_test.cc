#include "server/http/server.h"

#include <zlib.h>

#include <thread>

#include "tests/server/http/transports.h"

namespace firn::server {
namespace {

using std::chrono::milliseconds;

const std::string kGet = "GET /echo HTTP/1.1\r\nHost: a\r\n\r\n";

std::string Gunzip(const std::string& data) {
  z_stream stream{};
  inflateInit2(&stream, MAX_WBITS + 16);
  std::string out(16 << 20, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(data.data()));
  stream.avail_in = static_cast<uInt>(data.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  const int rc = inflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  inflateEnd(&stream);
  return rc == Z_STREAM_END ? out : "";
}

std::string Pattern(size_t bytes) {
  std::string text;
  for (size_t i = 0; text.size() < bytes; ++i) text += std::to_string(i * 7919) + ",";
  text.resize(bytes);
  return text;
}

class HttpServerTest : public TransportFixture {
 protected:
  HttpServerTest() {
    options_.tick = milliseconds(10);
    router_.Add(MakeRoute("/stream", {Method::kGet}, WorkClass::kQuery,
                          [this](const HttpRequest& request, ResponseWriter& out) {
                            HttpResponse head;
                            head.content_type = "text/plain";
                            out.Begin(std::move(head));
                            const size_t bytes = std::stoull(*request.Param("bytes"));
                            const std::string text = Pattern(bytes);
                            for (size_t at = 0; at < bytes; at += 10'000) {
                              if (!out.Write(std::string_view(text).substr(at, 10'000))) return;
                            }
                          }));
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
                            if (request.cancelled) ++cancelled_;
                            SendText(out, "done");
                          }));
    router_.Add(MakeRoute("/silent", {Method::kGet}, WorkClass::kControl,
                          [](const HttpRequest&, ResponseWriter&) {}));
    router_.Add(MakeRoute("/throw", {Method::kGet}, WorkClass::kControl,
                          [](const HttpRequest&, ResponseWriter&) { throw std::bad_alloc(); }));
  }

  std::atomic<int> blocked_{0};
  std::atomic<int> cancelled_{0};
  std::atomic<bool> release_{false};
  std::atomic<bool> write_failed_{false};
};

std::string GetPath(const std::string& path, const std::string& lines = "") {
  return "GET " + path + " HTTP/1.1\r\nHost: a\r\n" + lines + "\r\n";
}

TEST_P(HttpServerTest, MergesFormAndUrlWithTheBodyFirst) {
  StartServer();
  AnyClient client(endpoint());
  const std::string body = "a=body&m=1";
  EXPECT_EQ(BodyOf(client.Exchange("POST /echo?a=url&m=2 HTTP/1.1\r\nHost: a\r\n"
                                   "Content-Type: application/x-www-form-urlencoded; charset=x\r\n"
                                   "Content-Length: 10\r\n\r\n" +
                                   body)),
            "/echo|a=body;m=1;a=url;m=2;|a=body&m=1");
  EXPECT_EQ(BodyOf(client.Exchange("POST /echo?a=url HTTP/1.1\r\nHost: a\r\n"
                                   "Content-Type: application/x-www-form-urlencoded\r\n"
                                   "Content-Length: 0\r\n\r\n")),
            "/echo|a=url;|");
  EXPECT_EQ(BodyOf(client.Exchange(GetPath("/api/v1/label/a%2Fb/values"))), "a/b");
}

TEST_P(HttpServerTest, ANewRouterCountsForTheNextRequestsOnly) {
  StartServer();
  AnyClient running(endpoint());
  running.Send(GetPath("/block"));
  ASSERT_TRUE(Eventually([this] { return blocked_ == 1; }));
  AnyClient client(endpoint());
  EXPECT_EQ(BodyOf(client.Exchange(GetPath("/echo"))), "/echo||");
  Router next;
  next.Add(MakeRoute("/new", {Method::kGet}, WorkClass::kControl,
                     [](const HttpRequest&, ResponseWriter& out) { SendText(out, "new"); }));
  next.SetFallback(MakeRoute("*", {Method::kGet}, WorkClass::kControl,
                             [](const HttpRequest& request, ResponseWriter& out) {
                               SendText(out, "not " + request.path, 503);
                             }));
  server_->SetRouter(std::move(next));
  EXPECT_EQ(BodyOf(client.Exchange(GetPath("/new"))), "new");
  EXPECT_EQ(BodyOf(client.Exchange(GetPath("/echo"))), "not /echo");
  release_ = true;
  EXPECT_EQ(BodyOf(running.ReadResponse()), "done");
  EXPECT_EQ(BodyOf(running.Exchange(GetPath("/block"))), "not /block");
}

TEST_P(HttpServerTest, StreamsInChunksAndOverHttp10UntilTheEnd) {
  StartServer();
  AnyClient client(endpoint());
  for (const size_t bytes : {size_t{1}, size_t{60'000}, size_t{3'000'000}}) {
    const std::string path = "/stream?bytes=" + std::to_string(bytes);
    EXPECT_EQ(BodyOf(client.Exchange(GetPath(path))), Pattern(bytes)) << bytes;
  }
  AnyClient old(endpoint());
  old.Send("GET /stream?bytes=1000000 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  const std::string head = old.ReadResponse();
  EXPECT_EQ(head.find("Transfer-Encoding"), std::string::npos);
  EXPECT_NE(head.find("Connection: close"), std::string::npos);
}

TEST_P(HttpServerTest, CompressesLargeAnswersWithGzipOnly) {
  StartServer();
  AnyClient client(endpoint());
  for (const size_t bytes : {size_t{20'000}, size_t{2'000'000}}) {
    const std::string response = client.Exchange(GetPath(
        "/stream?bytes=" + std::to_string(bytes), "Accept-Encoding: br, zstd, gzip, deflate\r\n"));
    EXPECT_NE(response.find("Content-Encoding: gzip"), std::string::npos);
    EXPECT_NE(response.find("Vary: Origin, Accept-Encoding"), std::string::npos);
    EXPECT_EQ(Gunzip(BodyOf(response)), Pattern(bytes)) << bytes;
  }
  const std::string plain =
      client.Exchange(GetPath("/stream?bytes=20000", "Accept-Encoding: deflate, zstd\r\n"));
  EXPECT_EQ(plain.find("Content-Encoding"), std::string::npos);
  const std::string small = client.Exchange(GetPath("/echo", "Accept-Encoding: gzip\r\n"));
  EXPECT_EQ(small.find("Content-Encoding"), std::string::npos);
}

TEST_P(HttpServerTest, AnswersHeadWithoutBodyAndKeepsTheConnection) {
  StartServer();
  AnyClient client(endpoint());
  for (const char* path : {"/echo", "/stream?bytes=300000"}) {
    client.Send(std::string("HEAD ") + path + " HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_EQ(StatusOf(client.ReadResponse(true)), 200);
    EXPECT_EQ(StatusOf(client.Exchange(kGet)), 200);
  }
}

TEST_P(HttpServerTest, SendsCorsHeadersToBrowsersOnly) {
  StartServer();
  AnyClient client(endpoint());
  const std::string with = client.Exchange(GetPath("/echo", "Origin: http://x\r\n"));
  EXPECT_NE(with.find("Access-Control-Allow-Origin: *\r\n"), std::string::npos);
  EXPECT_NE(with.find("Access-Control-Allow-Methods: GET, POST, OPTIONS\r\n"), std::string::npos);
  EXPECT_EQ(client.Exchange(kGet).find("Access-Control"), std::string::npos);
}

TEST_P(HttpServerTest, InvitesTheBodyWhenTheClientWaitsForIt) {
  StartServer();
  AnyClient client(endpoint());
  client.Send(
      "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(StatusOf(client.ReadResponse()), 100);
  EXPECT_EQ(BodyOf(client.Exchange("abc")), "/echo||abc");
}

TEST_P(HttpServerTest, RefusesLargeBodiesBeforeReadingThem) {
  StartServer();
  AnyClient declared(endpoint());
  const std::string start = "POST /echo HTTP/1.1\r\nHost: a\r\n";
  EXPECT_EQ(StatusOf(declared.Exchange(start +
                                       "Content-Length: 1048577\r\nExpect: 100-continue\r\n\r\n")),
            413);
  AnyClient chunked(endpoint());
  chunked.Send(start + "Transfer-Encoding: chunked\r\n\r\n100001\r\n");
  chunked.Send(std::string(0x100001, 'x'));
  EXPECT_EQ(StatusOf(chunked.ReadResponse()), 413);
}

TEST_P(HttpServerTest, RefusesBodiesAboveTheBudgetOfAllConnections) {
  options_.body_bytes_inflight_max = 1000;
  StartServer();
  AnyClient first(endpoint());
  first.Send(
      "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 900\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(StatusOf(first.ReadResponse()), 100);
  // The invitation may come before the buffer for the body.
  Gauge* held = metrics_.AddGauge("firn_http_body_bytes", "");
  EXPECT_TRUE(Eventually([&] { return held->value() == 900; }));
  AnyClient second(endpoint());
  const std::string response =
      second.Exchange("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 200\r\n\r\n");
  EXPECT_EQ(StatusOf(response), 503);
  EXPECT_NE(response.find("Retry-After: 1"), std::string::npos);
  EXPECT_EQ(StatusOf(first.Exchange(std::string(900, 'x'))), 200);
  // What the first one took is given back once its answer has been sent.
  EXPECT_TRUE(Eventually([&] {
    AnyClient third(endpoint());
    return StatusOf(third.Exchange("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 200\r\n\r\n" +
                                   std::string(200, 'x'))) == 200;
  }));
}

TEST_P(HttpServerTest, RefusesConnectionsAboveTheCapQuickly) {
  options_.connections_max = 3;
  StartServer();
  std::vector<std::unique_ptr<AnyClient>> clients;
  for (int i = 0; i < 3; ++i) {
    clients.push_back(std::make_unique<AnyClient>(endpoint()));
    EXPECT_EQ(StatusOf(clients.back()->Exchange(kGet)), 200);
  }
  AnyClient over(endpoint());
  if (GetParam().secure) {
    EXPECT_TRUE(over.ReadsEnd());  // Without the cost of a handshake.
  } else {
    const std::string response = over.ReadResponse();
    EXPECT_EQ(StatusOf(response), 503);
    EXPECT_NE(response.find("Retry-After: 1"), std::string::npos);
  }
  over.Close();
  clients.clear();
  EXPECT_TRUE(Eventually([&] {
    AnyClient again(endpoint());
    return StatusOf(again.Exchange(kGet)) == 200;
  }));
}

TEST_P(HttpServerTest, DropsSlowHeadsSlowBodiesAndIdleConnections) {
  options_.head_timeout = milliseconds(50);
  options_.body_grace = milliseconds(50);
  options_.body_bytes_per_second = 100'000;
  options_.idle_timeout = milliseconds(100);
  StartServer();
  AnyClient head(endpoint());
  head.Send("GET /echo HT");
  EXPECT_EQ(StatusOf(head.ReadResponse()), 408);
  AnyClient stuck(endpoint());
  stuck.Send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\nabc");
  EXPECT_EQ(StatusOf(stuck.ReadResponse()), 408);
  AnyClient trickle(endpoint());
  trickle.Send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\nabc");
  EXPECT_TRUE(Eventually([&] {
    trickle.Send("x");
    return trickle.Fill(milliseconds(1));
  }));
  AnyClient idle(endpoint());
  EXPECT_TRUE(idle.ReadsEnd());
}

TEST_P(HttpServerTest, DropsClientsThatDoNotRead) {
  options_.write_timeout = milliseconds(50);
  StartServer();
  AnyClient client(endpoint());
  client.Send(GetPath("/endless"));
  EXPECT_TRUE(Eventually([&] { return write_failed_.load(); }));
}

TEST_P(HttpServerTest, FullQueuesAnswer503AndDoNotTouchOtherPools) {
  options_.pools[static_cast<size_t>(WorkClass::kQuery)] = {.threads = 1, .queue_max = 1};
  StartServer();
  AnyClient running(endpoint());
  running.Send(GetPath("/block"));
  ASSERT_TRUE(Eventually([&] { return blocked_ == 1; }));
  AnyClient waiting(endpoint());
  waiting.Send(GetPath("/block"));
  // The waiting one may not have reached the queue yet: then one of these two waits.
  AnyClient a(endpoint());
  AnyClient b(endpoint());
  a.Send(GetPath("/block"));
  b.Send(GetPath("/block"));
  Counter* rejected = metrics_.AddCounter("firn_http_rejected_total", "", {{"pool", "query"}});
  EXPECT_TRUE(Eventually([&] { return rejected->value() == 2; }));
  EXPECT_EQ(StatusOf(AnyClient(endpoint()).Exchange(kGet)), 200);
  release_ = true;
  int refused = 0;
  for (AnyClient* client : {&running, &waiting, &a, &b}) {
    const std::string response = client->ReadResponse();
    refused += StatusOf(response) == 503 && response.find("Retry-After: 1") != std::string::npos;
  }
  EXPECT_EQ(refused, 2);
}

TEST_P(HttpServerTest, TellsARunningHandlerThatItsClientHasGone) {
  StartServer();
  {
    AnyClient client(endpoint());
    client.Send(GetPath("/block"));
    ASSERT_TRUE(Eventually([&] { return blocked_ == 1; }));
  }
  EXPECT_TRUE(Eventually([&] { return cancelled_ == 1; }));
}

TEST_P(HttpServerTest, AnswersForHandlersThatFail) {
  StartServer();
  AnyClient client(endpoint());
  EXPECT_EQ(StatusOf(client.Exchange(GetPath("/silent"))), 500);
  EXPECT_EQ(StatusOf(client.Exchange(GetPath("/throw"))), 500);
  EXPECT_EQ(StatusOf(client.Exchange(kGet)), 200);
}

TEST_P(HttpServerTest, StopLetsRunningRequestsFinish) {
  StartServer();
  AnyClient idle(endpoint());
  EXPECT_EQ(StatusOf(idle.Exchange(kGet)), 200);
  AnyClient client(endpoint());
  client.Send(GetPath("/block"));
  ASSERT_TRUE(Eventually([&] { return blocked_ == 1; }));
  std::thread stopper([&] { server_->Stop(); });
  EXPECT_TRUE(idle.ReadsEnd());
  release_ = true;
  EXPECT_EQ(BodyOf(client.ReadResponse()), "done");
  client.Close();
  stopper.join();
  EXPECT_FALSE(AnyClient(endpoint()).connected());
}

TEST_P(HttpServerTest, StopCancelsWhatDoesNotFinish) {
  options_.drain_timeout = milliseconds(50);
  StartServer();
  AnyClient client(endpoint());
  client.Send(GetPath("/block"));
  ASSERT_TRUE(Eventually([&] { return blocked_ == 1; }));
  server_->Stop();
  EXPECT_EQ(cancelled_, 1);
}

TEST_P(HttpServerTest, ReportsAnAddressThatCannotBeBound) {
  StartServer();
  HttpServerOptions options;
  options.port = port();
  EXPECT_EQ(HttpServer(options, Router(), &metrics_).Start().code(), StatusCode::kIo);
  options.address = "not an address";
  EXPECT_EQ(HttpServer(options, Router(), &metrics_).Start().code(), StatusCode::kInvalidArgument);
}

TEST_P(HttpServerTest, ServesManyClientsAtOnce) {
  StartServer();
  std::vector<std::thread> threads;
  std::atomic<int> good{0};
  for (int i = 0; i < 16; ++i) {
    threads.emplace_back([&, i] {
      AnyClient client(endpoint());
      for (int n = 0; n < 50; ++n) {
        const size_t bytes = static_cast<size_t>(1 + (i * 50 + n) * 97);
        const auto text = client.Exchange(GetPath("/stream?bytes=" + std::to_string(bytes)));
        good += BodyOf(text) == Pattern(bytes);
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(good, 16 * 50);
}

INSTANTIATE_TEST_SUITE_P(Transports, HttpServerTest, AllTransports(), TransportName);

}  // namespace
}  // namespace firn::server
