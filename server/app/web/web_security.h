// Keeps in force what the web configuration file and the files that it names say.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "base/mutex.h"
#include "base/time.h"
#include "server/app/web/web_config.h"
#include "server/http/metrics.h"

namespace firn::server {

// Thread-safe.
class WebSecurity {
 public:
  // The errors of LoadWebConfig() and MakeSecurity(). Borrows `metrics`.
  static Result<std::unique_ptr<WebSecurity>> Load(std::string path, MetricsRegistry* metrics);
  ~WebSecurity();  // Stops.
  WebSecurity(const WebSecurity&) = delete;
  WebSecurity& operator=(const WebSecurity&) = delete;

  std::shared_ptr<const Security> current() const;

  // Calls `apply` with each new value, from the thread that finds it, and looks for one every
  // `interval`. Once only.
  using Apply = std::function<void(std::shared_ptr<const Security>)>;
  void Start(DurationMs interval, Apply apply);
  void Stop();

  // Reads the files. An error leaves what is in force as it was. InvalidArgument too for what
  // needs a restart: TLS switched on or off, the last credentials taken away.
  Status Reload();

  // Reload() in two steps: what is returned puts into force what was read.
  Result<std::function<void()>> PrepareReload();

 private:
  struct State {
    WebConfig config;
    std::shared_ptr<const Security> security;
  };
  WebSecurity(std::string path, State state, MetricsRegistry* metrics);
  // Nothing if the files are as they were.
  Result<std::shared_ptr<const State>> ReadFresh() const;
  void Put(std::shared_ptr<const State> state);
  void Run(DurationMs interval);

  const std::string path_;
  Gauge* const success_;
  Gauge* const expiry_;

  mutable Mutex mutex_;
  CondVar wake_;
  std::shared_ptr<const State> state_ ABSL_GUARDED_BY(mutex_);
  Apply apply_ ABSL_GUARDED_BY(mutex_);
  bool stop_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace firn::server
