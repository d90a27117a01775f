// What the handlers of the API work with.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "engine/api/admin.h"
#include "engine/api/appender.h"
#include "engine/api/exemplar.h"
#include "engine/api/querier.h"
#include "query/exec/query_engine.h"
#include "server/codec/otlp/otlp_translate.h"
#include "server/http/metrics.h"
#include "server/http/router.h"

namespace firn::server {

class ActiveQueries;

// The version of Prometheus whose HTTP API and PromQL this server follows. Clients decide by
// the version in the build information which calls and functions exist.
inline constexpr const char* kCompatibleVersion = "3.14.0";

struct BuildInfo {
  std::string version;  // Of Firn itself.
  std::string revision;
  std::string build_date;  // YYYYMMDD-hh:mm:ss.
};

// The configuration in force, without secrets.
struct ConfigInfo {
  std::string yaml;                                        // /api/v1/status/config
  std::vector<std::pair<std::string, std::string>> flags;  // /api/v1/status/flags
  std::string storage_retention;                           // "30d"
  bool last_reload_ok = true;
  TimestampMs loaded = 0;  // When it was last read.
};

// Borrows everything; all of it must outlive the router. Immutable.
struct ApiContext {
  engine::Appendable* appendable = nullptr;
  const engine::Queryable* queryable = nullptr;
  engine::Admin* admin = nullptr;
  engine::ExemplarStore* exemplars = nullptr;
  const query::QueryEngine* engine = nullptr;
  MetricsRegistry* metrics = nullptr;
  const Clock* clock = nullptr;
  // Made by AddApiRoutes.
  std::shared_ptr<ActiveQueries> active_queries;

  BuildInfo build;
  TimestampMs start_time = 0;
  std::function<ConfigInfo()> config;
  OtlpOptions otlp;
  // How far the store came with reading its journal.
  std::function<engine::ReplayProgress()> replay;
  // How long a query may take without being logged; 0: any time. May change while serving. None
  // are logged without it.
  const std::atomic<DurationMs>* slow_query_ms = nullptr;
  // Of queries that do not ask for another; see engine::SelectHints.
  std::optional<DurationMs> resolution_max;
  bool zero_starts = false;  // Store a zero where senders say that counting began.
  size_t query_body_bytes_max = 1 << 20;
  size_t write_body_bytes_max = 32 << 20;
  size_t unpacked_body_bytes_max = 32 << 20;  // Of the same, after Snappy or gzip.
};

// Adds all routes of the server. `context` is copied.
void AddApiRoutes(const ApiContext& context, Router* router);
// Adds what can be answered while the store opens: health, metrics and how far it came. All the
// rest is answered 503 with `Retry-After`, so that senders keep what they have. Of the context only
// `metrics`, `replay` and the sizes of bodies are used.
void AddOpeningRoutes(const ApiContext& context, Router* router);

}  // namespace firn::server
