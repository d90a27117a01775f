#include "server/http/server.h"

#include <future>
#include <thread>
#include <unordered_map>

#include <fmt/core.h>
#include <spdlog/spdlog.h>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include "base/check.h"
#include "server/http/session.h"

namespace firn::server {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

// A metric made when it is first needed: most routes of a server are never asked.
template <typename Metric, typename Make>
Metric* Cached(std::atomic<Metric*>* slot, const Make& make) {
  Metric* metric = slot->load(std::memory_order_acquire);
  if (metric == nullptr) {
    metric = make();
    slot->store(metric, std::memory_order_release);
  }
  return metric;
}

}  // namespace

void ServerCore::ObserveRequest(const Route& route, int status, size_t body_bytes,
                                std::chrono::steady_clock::duration spent) {
  RouteMetrics& figures = route_metrics.at(&route);
  if (status <= 0 || status >= kStatusMax) status = 500;
  const MetricLabels handler = {{"handler", route.pattern}};
  Cached(&figures.duration, [&] {
    return metrics->AddHistogram("firn_http_request_duration_seconds",
                                 "Time from the start of a handler to its end.", DurationBounds(),
                                 handler);
  })->Observe(std::chrono::duration<double>(spent).count());
  Cached(&figures.response_bytes, [&] {
    return metrics->AddCounter("firn_http_response_bytes_total", "Bytes of answer bodies sent.",
                               handler);
  })->Add(body_bytes);
  Cached(&figures.by_status[static_cast<size_t>(status)], [&] {
    return metrics->AddCounter("firn_http_requests_total", "Requests answered by handlers.",
                               {{"code", std::to_string(status)}, {"handler", route.pattern}});
  })->Add();
}

struct HttpServer::Impl {
  explicit Impl(size_t io_threads)
      : io(static_cast<int>(io_threads)),
        acceptor(asio::make_strand(io)),
        timer(acceptor.get_executor()) {}

  void RunIo();
  void Accept();
  void OnAccept(tcp::socket socket);
  void ScheduleTick();
  std::vector<std::shared_ptr<Session>> LiveSessions();
  void OnClosed(Session* session);
  bool WaitUntilEmpty(std::chrono::milliseconds timeout);

  Mutex mutex;
  CondVar emptied;
  std::unordered_map<Session*, std::weak_ptr<Session>> live ABSL_GUARDED_BY(mutex);

  // After what sessions use when they end, since pending operations may hold the last
  // reference to one.
  ServerCore core;
  asio::io_context io;
  // Both on one strand: accepting, the tick and Stop() come from different threads.
  tcp::acceptor acceptor;
  asio::steady_timer timer;
  std::vector<std::thread> threads;
  uint16_t port = 0;
  std::atomic<bool> accept_paused{false};
};

HttpServer::HttpServer(HttpServerOptions options, Router router, MetricsRegistry* metrics)
    : impl_(std::make_unique<Impl>(options.io_threads)) {
  ServerCore& core = impl_->core;
  core.SetSecurity(std::move(options.security));
  core.options = std::move(options);
  core.router = std::move(router);
  core.metrics = metrics;
  for (size_t i = 0; i < kWorkClasses; ++i) {
    core.rejected[i] = metrics->AddCounter(
        "firn_http_rejected_total", "Requests refused because the queue of their pool was full.",
        {{"pool", std::string(WorkClassName(static_cast<WorkClass>(i)))}});
  }
  core.bad_requests = metrics->AddCounter("firn_http_bad_requests_total",
                                          "Requests refused for their framing, size or slowness.");
  core.handshakes_failed = metrics->AddCounter(
      "firn_http_tls_handshakes_failed_total",
      "Connections that ended before TLS was agreed on, or whose client took too long.");
  static constexpr const char* kReasons[kRefusals] = {"no_credentials", "bad_credentials", "role",
                                                      "busy"};
  for (size_t i = 0; i < kRefusals; ++i) {
    core.refused[i] = metrics->AddCounter("firn_http_access_refused_total",
                                          "Requests whose sender was not let in, by reason.",
                                          {{"reason", kReasons[i]}});
  }
  core.connections = metrics->AddGauge("firn_http_connections", "Open connections.");
  for (const auto& route : core.router.routes()) core.route_metrics[route.get()];
}

HttpServer::~HttpServer() { Stop(); }

uint16_t HttpServer::port() const { return impl_->port; }

Status HttpServer::Start() {
  Impl& impl = *impl_;
  ServerCore& core = impl.core;
  FIRN_CHECK(impl.threads.empty());
  const std::string where = fmt::format("{}:{}", core.options.address, core.options.port);
  error_code error;
  const auto address = asio::ip::make_address(core.options.address, error);
  if (error) return InvalidArgument("listen address {}: not an IP address", where);
  const tcp::endpoint endpoint(address, core.options.port);
  impl.acceptor.open(endpoint.protocol(), error);
  if (!error) impl.acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) impl.acceptor.bind(endpoint, error);
  if (!error) impl.acceptor.listen(1024, error);
  if (error) return Io("listening on {}: {}", where, error.message());
  impl.port = impl.acceptor.local_endpoint(error).port();
  for (size_t i = 0; i < kWorkClasses; ++i) {
    core.pools[i] = std::make_unique<ThreadPool>(
        core.options.pools[i].threads,
        fmt::format("firn-{}", WorkClassName(static_cast<WorkClass>(i))));
  }
  core.hashing = std::make_unique<ThreadPool>(1, "firn-bcrypt");
  impl.Accept();
  impl.ScheduleTick();
  for (size_t i = 0; i < core.options.io_threads; ++i) {
    impl.threads.emplace_back([&impl] { impl.RunIo(); });
  }
  return OkStatus();
}

void HttpServer::SetSecurity(std::shared_ptr<const Security> security) {
  impl_->core.SetSecurity(std::move(security));
}

void HttpServer::Stop() {
  Impl& impl = *impl_;
  if (impl.threads.empty()) return;
  impl.core.stopping.store(true);
  std::promise<void> closed;
  asio::post(impl.acceptor.get_executor(), [&impl, &closed] {
    error_code ignored;
    impl.acceptor.close(ignored);
    closed.set_value();
  });
  // No session begins from here on, so that none is missed below.
  closed.get_future().wait();
  for (const auto& session : impl.LiveSessions()) session->Shutdown(false);
  if (!impl.WaitUntilEmpty(impl.core.options.drain_timeout)) {
    for (const auto& session : impl.LiveSessions()) session->Shutdown(true);
    // Handlers look at `cancelled`; the pools below wait for them.
    impl.WaitUntilEmpty(std::chrono::milliseconds(1000));
  }
  impl.core.hashing.reset();
  for (auto& pool : impl.core.pools) pool.reset();
  impl.WaitUntilEmpty(std::chrono::milliseconds(1000));
  impl.io.stop();
  for (std::thread& thread : impl.threads) thread.join();
  impl.threads.clear();
}

void HttpServer::Impl::RunIo() {
  while (true) {
    try {
      io.run();
      return;
    } catch (const std::exception& e) {
      // The connection at hand is lost; the others go on.
      spdlog::error("i/o thread: {}", e.what());
    }
  }
}

void HttpServer::Impl::Accept() {
  // Connections are of the context: what they do needs no order among them.
  acceptor.async_accept(io, [this](error_code error, tcp::socket socket) {
    if (!acceptor.is_open()) return;
    if (!error) OnAccept(std::move(socket));
    if (error && error != asio::error::connection_aborted) {
      // Out of descriptors: try again with the next tick instead of spinning.
      accept_paused = true;
      return;
    }
    Accept();
  });
}

void HttpServer::Impl::OnAccept(tcp::socket socket) {
  auto session =
      std::make_shared<Session>(io, std::move(socket), &core, [this](Session* s) { OnClosed(s); });
  size_t count = 0;
  {
    MutexLock lock(&mutex);
    live.emplace(session.get(), session);
    count = live.size();
  }
  core.connections->Set(static_cast<int64_t>(count));
  // Refused connections linger for a moment; beyond a second allowance even that is denied.
  if (count > 2 * core.options.connections_max) return;
  if (count > core.options.connections_max) {
    session->Reject();
  } else {
    session->Start();
  }
}

void HttpServer::Impl::OnClosed(Session* session) {
  MutexLock lock(&mutex);
  live.erase(session);
  core.connections->Set(static_cast<int64_t>(live.size()));
  emptied.NotifyAll();
}

std::vector<std::shared_ptr<Session>> HttpServer::Impl::LiveSessions() {
  std::vector<std::shared_ptr<Session>> found;
  MutexLock lock(&mutex);
  for (const auto& [unused, weak] : live) {
    if (auto session = weak.lock()) found.push_back(std::move(session));
  }
  return found;
}

bool HttpServer::Impl::WaitUntilEmpty(std::chrono::milliseconds timeout) {
  const auto end = std::chrono::steady_clock::now() + timeout;
  MutexLock lock(&mutex);
  while (!live.empty()) {
    const auto left = end - std::chrono::steady_clock::now();
    if (left.count() <= 0) return false;
    emptied.WaitFor(&mutex, left);
  }
  return true;
}

void HttpServer::Impl::ScheduleTick() {
  timer.expires_after(core.options.tick);
  timer.async_wait([this](error_code error) {
    if (error) return;
    const auto now = std::chrono::steady_clock::now();
    for (const auto& session : LiveSessions()) session->Tick(now);
    if (accept_paused && acceptor.is_open()) {
      accept_paused = false;
      Accept();
    }
    ScheduleTick();
  });
}

}  // namespace firn::server
