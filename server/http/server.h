// An HTTP/1.1 server for handlers that may block. Reading and writing happen on a few I/O
// threads, handlers run on the pool of their route's work class.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/status.h"
#include "server/http/metrics.h"
#include "server/http/router.h"

namespace firn::server {

struct Security;

struct PoolOptions {
  size_t threads = 2;
  size_t queue_max = 256;  // Requests that wait; more are answered 503.
};

// An answer that is about to be sent, or whose last part is.
struct AnsweredRequest {
  const HttpRequest& request;    // With empty fields if its head could not be read.
  const Route* route = nullptr;  // Null if there is none.
  int status = 0;
  size_t body_bytes = 0;     // Of the answer, as sent.
  double queue_seconds = 0;  // Waiting for a thread,
  double seconds = 0;        // ... and in the handler; 0 if it never got there.
};

struct HttpServerOptions {
  std::string address = "127.0.0.1";
  uint16_t port = 0;  // 0: any free port.
  size_t io_threads = 2;
  std::array<PoolOptions, kWorkClasses> pools;
  // One more closes the one that has waited longest for a request, if that is a second or more;
  // else it is answered 503 and closed.
  size_t connections_max = 512;
  // Bytes of bodies in memory, over all connections; what comes beyond is answered 503.
  size_t body_bytes_inflight_max = size_t{256} << 20;

  size_t head_bytes_max = 64 << 10;  // Larger heads are answered 431.

  using Ms = std::chrono::milliseconds;
  Ms handshake_timeout{10'000};         // Of TLS, from accepting to its end.
  Ms head_timeout{10'000};              // From the first byte of a head to its end, and from
                                        // accepting to the first byte.
  Ms idle_timeout{180'000};             // Between requests.
  Ms body_grace{5'000};                 // After that long a body must have come at ...
  size_t body_bytes_per_second = 1024;  // ... this rate, on the average.
  // A client that takes nothing of its answer for this long is dropped; after it has made the
  // answer wait that long in all, also one that takes less than ...
  Ms write_timeout{30'000};
  size_t answer_bytes_per_second = 1024;     // ... this, on the average over the time it let wait.
  Ms drain_timeout{10'000};                  // Stop() waits this long for running requests.
  Ms tick{250};                              // How often timeouts and disconnects are looked at.
  std::string cors_origin = ".*";            // ".*": any, "": none, else exactly this origin.
  std::shared_ptr<const Security> security;  // Null: plain HTTP, open to everybody.
  // Told of every answer to a request, by any thread; must be quick. May be empty.
  std::function<void(const AnsweredRequest&)> on_answered;
};

// Thread-safe.
class HttpServer {
 public:
  // Borrows `metrics`, which must outlive the server.
  HttpServer(HttpServerOptions options, Router router, MetricsRegistry* metrics);
  ~HttpServer();  // Stops.
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  // Listens, then serves until Stop(). Io if the address cannot be bound. Once only.
  Status Start();
  // The port that is listened on. REQUIRES: Start() succeeded.
  uint16_t port() const;
  // For connections that begin from here on and, but for TLS, for the next request of those that
  // are open. May be called at any time.
  void SetSecurity(std::shared_ptr<const Security> security);
  // For requests that begin from here on. May be called at any time.
  void SetRouter(Router router);
  // Stops accepting, lets running requests finish within drain_timeout, then cancels the
  // rest and joins all threads. May be called again.
  void Stop();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace firn::server
