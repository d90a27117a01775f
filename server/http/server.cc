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

void ServerCore::ObserveRequest(ServedRoutes* served, const AnsweredRequest& answered) {
  ServedRoutes::RouteMetrics& figures = served->metrics.at(answered.route);
  int status = answered.status;
  if (status <= 0 || status >= ServedRoutes::kStatusMax) status = 500;
  const MetricLabels handler = {{"handler", answered.route->pattern}};
  Cached(&figures.duration, [&] {
    return metrics->AddHistogram("firn_http_request_duration_seconds",
                                 "Time from the start of a handler to its end.", DurationBounds(),
                                 handler);
  })->Observe(answered.seconds);
  Cached(&figures.response_bytes, [&] {
    return metrics->AddCounter("firn_http_response_bytes_total", "Bytes of answer bodies sent.",
                               handler);
  })->Add(answered.body_bytes);
  Cached(&figures.by_status[static_cast<size_t>(status)], [&] {
    return metrics->AddCounter("firn_http_requests_total", "Requests answered by handlers.",
                               {{"code", std::to_string(status)}, handler.front()});
  })->Add();
}

void ServerCore::AddMetrics() {
  for (size_t i = 0; i < kWorkClasses; ++i) {
    const MetricLabels pool = {{"pool", std::string(WorkClassName(static_cast<WorkClass>(i)))}};
    pool_metrics[i] = {
        .rejected = metrics->AddCounter("firn_http_rejected_total",
                                        "Requests refused because the queue of their pool was "
                                        "full.",
                                        pool),
        .waiting = metrics->AddGauge("firn_http_requests_waiting",
                                     "Requests that wait for a thread of their pool.", pool),
        .running = metrics->AddGauge("firn_http_requests_running",
                                     "Requests that a thread of their pool answers.", pool),
        .queue_seconds = metrics->AddHistogram("firn_http_queue_seconds",
                                               "Time that requests waited for a thread.",
                                               DurationBounds(), pool)};
  }
  bodies_refused = metrics->AddCounter(
      "firn_http_bodies_refused_total",
      "Requests refused because the bodies in memory were too many bytes together.");
  body_bytes = metrics->AddGauge("firn_http_body_bytes", "Bytes of request bodies in memory.");
  bad_requests = metrics->AddCounter("firn_http_bad_requests_total",
                                     "Requests refused for their framing, size or slowness.");
  handshakes_failed = metrics->AddCounter(
      "firn_http_tls_handshakes_failed_total",
      "Connections that ended before TLS was agreed on, or whose client took too long.");
  static constexpr const char* kReasons[kRefusals] = {"no_credentials", "bad_credentials", "role",
                                                      "busy"};
  for (size_t i = 0; i < kRefusals; ++i) {
    refused[i] = metrics->AddCounter("firn_http_access_refused_total",
                                     "Requests whose sender was not let in, by reason.",
                                     {{"reason", kReasons[i]}});
  }
  connections = metrics->AddGauge("firn_http_connections", "Open connections.");
  evicted = metrics->AddCounter(
      "firn_http_connections_evicted_total",
      "Connections without a request that were closed because all were in use.");
}

bool ServerCore::ChargeBody(size_t bytes) {
  const size_t before = body_bytes_inflight.fetch_add(bytes, std::memory_order_relaxed);
  body_bytes->Add(static_cast<int64_t>(bytes));
  if (before + bytes <= options.body_bytes_inflight_max) return true;
  ReleaseBody(bytes);
  bodies_refused->Add();
  return false;
}

void ServerCore::ReleaseBody(size_t bytes) {
  body_bytes_inflight.fetch_sub(bytes, std::memory_order_relaxed);
  body_bytes->Add(-static_cast<int64_t>(bytes));
}

struct HttpServer::Impl {
  explicit Impl(size_t io_threads)
      : io(static_cast<int>(io_threads) + 1),  // And the one that stands in.
        acceptor(asio::make_strand(io)),
        timer(acceptor.get_executor()) {}

  void RunIo();
  void Accept();
  void OnAccept(tcp::socket socket);
  void ScheduleTick();
  std::vector<std::shared_ptr<Session>> LiveSessions();
  bool MakeRoom();
  void OnClosed(Session* session);
  bool WaitUntilEmpty(std::chrono::milliseconds timeout);

  Mutex mutex;
  CondVar emptied;
  std::unordered_map<Session*, std::weak_ptr<Session>> live ABSL_GUARDED_BY(mutex);
  // Earlier ones too: requests that began with them may still run.
  std::vector<std::unique_ptr<ServedRoutes>> routes ABSL_GUARDED_BY(mutex);

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
  core.metrics = metrics;
  core.AddMetrics();
  SetRouter(std::move(router));
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
  if (core.options.io_threads == 1) {
    core.lone_thread = std::make_unique<LoneThread>(&impl.io);
    FIRN_RETURN_IF_ERROR(core.lone_thread->Start());
  }
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

void HttpServer::SetRouter(Router router) {
  auto served = std::make_unique<ServedRoutes>(std::move(router));
  MutexLock lock(&impl_->mutex);
  impl_->core.routes.store(served.get(), std::memory_order_release);
  impl_->routes.push_back(std::move(served));
}

void HttpServer::Stop() {
  Impl& impl = *impl_;
  if (impl.threads.empty()) return;
  ServerCore& core = impl.core;
  core.stopping.store(true);
  std::promise<void> closed;
  asio::post(impl.acceptor.get_executor(), [&impl, &closed] {
    error_code ignored;
    impl.acceptor.close(ignored);
    closed.set_value();
  });
  // No session begins from here on, so that none is missed below.
  closed.get_future().wait();
  for (const auto& session : impl.LiveSessions()) session->Shutdown(false);
  if (!impl.WaitUntilEmpty(core.options.drain_timeout)) {
    for (const auto& session : impl.LiveSessions()) session->Shutdown(true);
    // Handlers look at `cancelled`; the pools below wait for them.
    impl.WaitUntilEmpty(std::chrono::milliseconds(1000));
  }
  core.hashing.reset();
  for (auto& pool : core.pools) pool.reset();
  impl.WaitUntilEmpty(std::chrono::milliseconds(1000));
  impl.io.stop();
  for (std::thread& thread : impl.threads) thread.join();
  impl.threads.clear();
  core.lone_thread.reset();
}

void HttpServer::Impl::RunIo() {
  if (core.lone_thread != nullptr) return core.lone_thread->Run();
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
  if (count > core.options.connections_max && !MakeRoom()) {
    session->Reject();
  } else {
    session->Start();
  }
}

// Clients that send nothing, or a request bit by bit, must not keep others out; one that keeps a
// connection open for its next request opens another.
bool HttpServer::Impl::MakeRoom() {
  const auto now = std::chrono::steady_clock::now();
  int64_t oldest_ns = (now - std::chrono::seconds(1)).time_since_epoch().count();
  std::weak_ptr<Session> oldest;
  bool found = false;
  {
    MutexLock lock(&mutex);
    // Those listed exist: they leave the list before they are destroyed.
    for (const auto& [candidate, weak] : live) {
      const int64_t since = candidate->waiting_since_ns();
      if (since > oldest_ns) continue;
      oldest_ns = since;
      oldest = weak;
      found = true;
    }
  }
  if (!found) return false;
  // Not under the mutex, which the end of a session takes.
  if (const auto session = oldest.lock()) {
    session->Evict();
    core.evicted->Add();
  }
  return true;
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
