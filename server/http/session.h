// One connection. Internal to server/http.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <deque>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include <boost/asio/io_context.hpp>
#include <boost/asio/strand.hpp>

#include "base/thread_pool.h"
#include "server/http/head_scanner.h"
#include "server/http/lone_thread.h"
#include "server/http/request_parser.h"
#include "server/http/response.h"
#include "server/http/secure/security.h"
#include "server/http/secure/stream.h"
#include "server/http/server.h"

namespace firn::server {

using SteadyTime = std::chrono::steady_clock::time_point;

// Why access was denied; each is counted.
enum class Refusal : uint8_t { kNoCredentials, kBadCredentials, kLackOfRole, kBusy };
inline constexpr size_t kRefusals = 4;

// A router and the figures of its routes. The latter are thread-safe.
struct ServedRoutes {
  explicit ServedRoutes(Router served) : router(std::move(served)) {
    for (const auto& route : router.routes()) metrics[route.get()];
  }

  static constexpr int kStatusMax = 512;
  struct RouteMetrics {
    std::atomic<HistogramMetric*> duration{nullptr};
    std::atomic<Counter*> response_bytes{nullptr};
    std::array<std::atomic<Counter*>, kStatusMax> by_status{};
  };
  const Router router;
  std::unordered_map<const Route*, RouteMetrics> metrics;
};

// What sessions share; owned by the server and outliving them.
struct ServerCore {
  HttpServerOptions options;
  std::atomic<ServedRoutes*> routes;  // Of requests that begin now.
  MetricsRegistry* metrics;
  std::array<std::unique_ptr<ThreadPool>, kWorkClasses> pools;
  struct PoolMetrics {
    Counter* rejected;  // By full queues.
    Gauge* waiting;
    Gauge* running;
    HistogramMetric* queue_seconds;
  };
  std::array<PoolMetrics, kWorkClasses> pool_metrics;
  std::unique_ptr<LoneThread> lone_thread;  // Null if there are several for i/o.
  // One thread for bcrypt, so that guessing passwords costs one core at most.
  std::unique_ptr<ThreadPool> hashing;
  Counter* bad_requests;
  Counter* handshakes_failed;
  std::array<Counter*, kRefusals> refused;
  Counter* bodies_refused;
  Gauge* body_bytes;
  Gauge* connections;
  Counter* evicted;
  std::atomic<size_t> body_bytes_inflight{0};
  std::atomic<bool> stopping{false};

  // Thread-safe. Null if everything is open.
  std::shared_ptr<const Security> security() const {
    MutexLock lock(&mutex);
    return current_security;
  }
  void SetSecurity(std::shared_ptr<const Security> security) {
    MutexLock lock(&mutex);
    current_security = std::move(security);
  }
  mutable Mutex mutex;
  std::shared_ptr<const Security> current_security ABSL_GUARDED_BY(mutex);

  // Thread-safe.
  void AddMetrics();
  void ObserveRequest(ServedRoutes* served, const AnsweredRequest& answered);
  // Adds to the bytes of bodies in memory; false if they are too many.
  bool ChargeBody(size_t bytes);
  void ReleaseBody(size_t bytes);
};

inline constexpr std::string_view kFormType = "application/x-www-form-urlencoded";

// Reads requests one after another and has them answered. All but the constructor and the
// methods marked below run on the session's strand.
class Session : public std::enable_shared_from_this<Session>, private ResponseSink {
 public:
  using Socket = Stream::Socket;
  using Strand = boost::asio::strand<boost::asio::io_context::executor_type>;

  // `on_closed` is called once, from any thread.
  Session(boost::asio::io_context& io, Socket socket, ServerCore* core,
          std::function<void(Session*)> on_closed);
  ~Session() override;

  // Any thread.
  void Start();
  // Any thread: answers 503 and closes, without reading a request.
  void Reject();
  // Any thread: looks at timeouts and whether the client of a running request has gone.
  void Tick(SteadyTime now);
  // Any thread: closes as soon as no request is running; with `now` at once.
  void Shutdown(bool now);
  // Any thread: since when the client has not completed the head of a request, in nanoseconds of
  // the steady clock; kBusy while it has.
  int64_t waiting_since_ns() const { return waiting_since_ns_.load(std::memory_order_relaxed); }
  // Any thread: closes if still waiting for the head of a request, and is busy until it has.
  void Evict();
  static constexpr int64_t kBusy = std::numeric_limits<int64_t>::max();

 private:
  enum class Phase : uint8_t { kHandshake, kIdle, kHead, kAuth, kBody, kRunning, kLinger, kClosed };

  void SetDeadline(std::chrono::milliseconds after);
  void Handshake();
  void OnHandshake(const Stream::ErrorCode& error);
  void ReadHead();
  void OnHeadBytes();
  void OnHead(size_t head_bytes);
  void Authorize();
  void HashPassword(std::string authorization);
  bool IsBroken();  // Any thread.
  void OnVerdict(const AuthVerdict& verdict);
  void RefuseAccess(Refusal why, HttpResponse response);
  void Proceed();
  bool Admit();
  void ReadBody();
  void ReadLengthBody();
  void ReadChunkedBody();
  bool BodyTooSlow() const;
  bool ChargeBody(size_t bytes);
  void ReleaseBody();
  void RefuseForMemory();
  void Dispatch();
  void RunHandler();
  void RunHandlerHere(ThreadPool* pool);

  // ResponseSink, called by the thread of the handler.
  void SendBytes(std::string bytes, bool last) override;
  bool WaitForRoom() override;

  void StartWriting();
  // When a write that begins now counts as stuck.
  std::chrono::milliseconds WritePatience() const;
  void DropQueue();
  void FinishExchange();
  void Answer(HttpResponse response);
  // Header lines of every answer to the request.
  std::string CommonHeaders() const;
  // An error after which the connection ends.
  void Refuse(int status, std::string_view error_type, std::string_view message);
  void Linger();
  void Discard();
  void Close();

  ServerCore* const core_;
  const std::function<void(Session*)> on_closed_;
  std::shared_ptr<const Security> security_;  // Since the connection or the last request began.
  Stream stream_;
  Strand strand_;
  std::string remote_address_;

  Phase phase_ = Phase::kIdle;
  std::atomic<int64_t> deadline_ns_;  // Of the steady clock.
  std::atomic<int64_t> waiting_since_ns_;
  std::atomic<bool> running_{false};  // A handler runs: look for disconnects.
  std::atomic<bool> close_after_answer_{false};
  bool fresh_ = true;  // No request yet.
  bool keep_alive_ = true;
  bool shutdown_ = false;

  std::string input_;  // Bytes received and not yet used.
  HeadScanner scanner_;
  RequestParser parser_;
  HeadInfo head_;
  std::shared_ptr<HttpRequest> request_;
  ServedRoutes* routes_ = nullptr;  // What `route_` is of.
  const Route* route_ = nullptr;
  size_t body_received_ = 0;
  size_t body_charged_ = 0;
  std::string discard_;  // Where a lingering connection's bytes go.
  size_t discarded_ = 0;
  SteadyTime body_start_;

  std::string writing_;  // Being written now, from written_ on.
  size_t written_ = 0;
  bool writing_now_ = false;
  // Of this answer: how long the client let it wait, and what it took.
  std::chrono::steady_clock::duration answer_waited_{};
  size_t answer_taken_ = 0;

  Mutex mutex_;
  CondVar room_;
  std::deque<std::string> queue_ ABSL_GUARDED_BY(mutex_);
  size_t queued_bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  bool answer_complete_ ABSL_GUARDED_BY(mutex_) = false;
  bool broken_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace firn::server
