// The configuration in force, and how it is replaced while the server runs.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"
#include "base/status.h"
#include "server/api/context.h"
#include "server/app/server_config.h"
#include "server/http/metrics.h"

namespace firn::server {

// Reads the configuration again from where it came.
using ConfigLoader = std::function<Result<ServerConfig>()>;

// Thread-safe.
class LiveConfig {
 public:
  // Borrows `clock` and `metrics`, which must not be collected once this is gone. Without `load`
  // nothing can be reloaded.
  LiveConfig(ServerConfig initial, ConfigLoader load, const Clock* clock, MetricsRegistry* metrics);

  // What a part of the server does with a new configuration: an error refuses the reload as a
  // whole; what is returned puts the new values in force and is called once all parts agree.
  using Commit = std::function<void()>;
  using Prepare = std::function<Result<Commit>(const ServerConfig& config)>;
  // Before the first Reload().
  void AddPart(Prepare prepare);

  // Reads the configuration and puts its reloadable settings in force; all or nothing. The
  // names of settings that differ but need a restart. Unavailable without a loader.
  Result<std::vector<std::string>> Reload();

  // What is in force, for the API.
  ConfigInfo Info() const;

 private:
  MetricFamily CollectNumbers() const;
  Result<std::vector<std::string>> ReloadLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(reload_mutex_);

  const ConfigLoader load_;
  const Clock* const clock_;
  Gauge* const success_;
  Gauge* const success_time_;
  Gauge* const restart_pending_;

  Mutex reload_mutex_;  // One reload at a time.
  std::vector<Prepare> parts_;
  mutable Mutex mutex_;
  ServerConfig config_ ABSL_GUARDED_BY(mutex_);
  bool last_reload_ok_ ABSL_GUARDED_BY(mutex_) = true;
  TimestampMs loaded_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace firn::server
