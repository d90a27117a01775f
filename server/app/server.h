// The whole server: one place that knows every concrete class.
#pragma once

#include <functional>
#include <memory>
#include <stop_token>
#include <string_view>

#include "base/status.h"
#include "server/api/context.h"
#include "server/app/live_config.h"
#include "server/app/server_config.h"

namespace firn::server {

// A server that is serving. Thread-safe.
class RunningServer {
 public:
  // Listens and opens the data directory; until it is open, only AddOpeningRoutes answer. Errors of
  // the store and of the address; Cancelled if `stop` asks for that meanwhile. `reload` reads the
  // configuration again; without it Reload() fails. `quit` is called, from any thread, when a
  // client ends the server by `/-/quit`, which `http_quit` must allow.
  static Result<std::unique_ptr<RunningServer>> Start(const ServerConfig& config,
                                                      ConfigLoader reload = {},
                                                      std::function<void()> quit = {},
                                                      std::stop_token stop = {});
  ~RunningServer();  // Stops.
  RunningServer(const RunningServer&) = delete;
  RunningServer& operator=(const RunningServer&) = delete;

  uint16_t port() const;
  std::string_view scheme() const;  // "http" or "https".
  // Reads the configuration again. An error leaves the old one in force; either is logged.
  Status Reload();
  // Lets running requests finish, then closes the store. May be called again; returns the
  // first error of closing.
  Status Stop();

 private:
  struct Parts;
  static void AddReloadableParts(Parts* parts);
  // All that needs no store.
  static ApiContext MakeContext(const ServerConfig& config, Parts* parts);
  // Has requests answered from the store, which is open.
  static Status ServeStore(const ServerConfig& config, ApiContext context,
                           std::function<void()> quit, Parts* parts);
  explicit RunningServer(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace firn::server
