#include "server/app/server.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <atomic>
#include <thread>

#include <fmt/core.h>

#include "engine/db/database.h"
#include "server/api/context.h"
#include "server/api/status/request_log.h"
#include "server/app/build_info.h"
#include "server/app/config_loader.h"
#include "server/app/lifecycle/lifecycle_routes.h"
#include "server/app/live_config.h"
#include "server/app/process_metrics.h"
#include "server/app/promql/engine_setup.h"
#include "server/app/relabel/relabel_config.h"
#include "server/app/relabel/relabeling_store.h"
#include "server/app/retention_rules.h"
#include "server/app/self_scrape.h"
#include "server/app/series_limit_settings.h"
#include "server/app/web/web_security.h"
#include "server/http/server.h"

namespace firn::server {

namespace {

// How often certificates and users are looked at.
constexpr DurationMs kWebFilesInterval = 10 * kSecondMs;
constexpr uint64_t kMemoryFallbackBytes = uint64_t{4} << 30;

uint64_t MemoryLimit(const ServerConfig& config) {
  if (config.memory_limit != 0) return config.memory_limit;
  const uint64_t available = MemoryBytesAvailable();
  return available == 0 ? kMemoryFallbackBytes : available / 10 * 6;
}

engine::DatabaseOptions MakeDatabaseOptions(const ServerConfig& config) {
  engine::DatabaseOptions options;
  options.path = config.data;
  options.ack_before_fsync = config.ack == "write";
  options.memory_limit_bytes = MemoryLimit(config);
  options.head_window_ms = config.head_window;
  options.out_of_order_ms = config.out_of_order_window;
  options.future_ms = config.future_limit;
  options.backfill = config.backfill;
  options.min_free_disk_bytes = config.min_free_disk;
  options.scrub_interval_ms = config.scrub_interval;
  options.scrub_bytes_per_second = config.scrub_bytes_per_second;
  options.retention_ms = config.retention;
  options.tiers.clear();
  for (const TierConfig& tier : config.tiers) {
    options.tiers.push_back({.resolution_ms = tier.resolution, .retention_ms = tier.retention});
  }
  Result<std::vector<engine::RetentionRule>> rules = ParseRetentionRules(config.retention_rules);
  FIRN_CHECK(rules.ok());
  options.retention_rules = *std::move(rules);
  options.retention_bytes = config.retention_bytes;
  options.series_limits = MakeSeriesLimits(config);
  options.exemplars_max = config.exemplars_max;
  options.labels_max = config.labels_max;
  options.label_name_bytes_max = config.label_name_bytes_max;
  options.label_value_bytes_max = config.label_value_bytes_max;
  return options;
}

OtlpOptions MakeOtlpOptions(const ServerConfig& config) {
  OtlpOptions options;
  FIRN_CHECK(ParseOtlpStrategy(config.otlp_translation_strategy, &options.naming.strategy));
  std::string_view names = config.otlp_promote_resource_attributes;
  while (!names.empty()) {
    const size_t end = std::min(names.find(','), names.size());
    if (end > 0) options.promoted.emplace_back(names.substr(0, end));
    names.remove_prefix(std::min(end + 1, names.size()));
  }
  options.promote_all = config.otlp_promote_all_resource_attributes;
  options.keep_identifying = config.otlp_keep_identifying_resource_attributes;
  options.promote_scope = config.otlp_promote_scope_metadata;
  options.custom_buckets = config.otlp_convert_histograms_to_nhcb;
  options.allow_delta = config.otlp_native_delta_ingestion;
  options.info_interval_ms = std::max<DurationMs>(config.query_lookback / 2, 1);
  return options;
}

HttpServerOptions MakeHttpOptions(const ServerConfig& config, const ListenAddress& listen,
                                  uint64_t memory_limit) {
  HttpServerOptions options;
  options.address = listen.address;
  options.port = listen.port;
  // A second one does not make two cores faster: it takes what the others need.
  options.io_threads = config.io_threads != 0
                           ? config.io_threads
                           : std::max(1u, std::thread::hardware_concurrency() / 4);
  options.pools[static_cast<size_t>(WorkClass::kIngest)] = {config.ingest_concurrency,
                                                            config.ingest_queue_max};
  options.pools[static_cast<size_t>(WorkClass::kQuery)] = {config.query_concurrency,
                                                           config.query_queue_max};
  // More than one, since sealing on demand takes as long as it takes.
  options.pools[static_cast<size_t>(WorkClass::kControl)].threads = 4;
  options.connections_max = config.connections_max;
  options.head_bytes_max = config.head_bytes_max;
  // Bodies are small beside what they become in the head; a tenth is plenty.
  options.body_bytes_inflight_max =
      config.request_bytes_max != 0
          ? config.request_bytes_max
          : std::clamp<uint64_t>(memory_limit / 10, 64 << 20, uint64_t{1} << 30);
  using Ms = HttpServerOptions::Ms;
  options.handshake_timeout = Ms(config.handshake_timeout);
  options.head_timeout = Ms(config.head_timeout);
  options.body_grace = Ms(config.body_grace);
  options.body_bytes_per_second = config.body_bytes_per_second;
  options.write_timeout = Ms(config.answer_timeout);
  options.answer_bytes_per_second = config.answer_bytes_per_second;
  options.idle_timeout = Ms(config.idle_timeout);
  options.drain_timeout = Ms(config.shutdown_timeout);
  options.cors_origin = config.cors_origin;
  return options;
}

size_t HelperThreads(const ServerConfig& config) {
  if (config.query_threads != 0) return config.query_threads;
  return std::max(1u, std::thread::hardware_concurrency());
}

}  // namespace

// Destroyed in reverse order: what serves goes before what it uses.
struct RunningServer::Parts {
  explicit Parts(const ServerConfig& config)
      : memory("everything", MemoryLimit(config)),
        slow_query_ms(config.slow_query_threshold),
        request_log(ParseRequestLog(config.request_log).value_or(RequestLog::kOff)),
        helpers(HelperThreads(config), "firn-eval"),
        query_memory("all queries", MemoryLimit(config) / 2, &memory),
        query_engine(MakeEngineOptions(config, &query_memory), &helpers) {}
  ~Parts() {
    // Its thread uses `http`.
    if (web) web->Stop();
  }

  Status StartHttp(HttpServerOptions options, Router router);
  Status OpenDatabase(engine::DatabaseOptions options, std::stop_token stop);
  void LogRequest(const AnsweredRequest& answered) const;
  // By any thread.
  void SetReplay(const engine::ReplayProgress& progress) {
    MutexLock lock(&replay_mutex);
    replay = progress;
  }
  engine::ReplayProgress GetReplay() {
    MutexLock lock(&replay_mutex);
    return replay;
  }

  // What its parts take: the database's, and queries.
  MemoryBudget memory;
  std::atomic<DurationMs> slow_query_ms;
  std::atomic<RequestLog> request_log;
  TimestampMs start_time = Clock::System()->NowMs();
  Mutex replay_mutex;
  engine::ReplayProgress replay ABSL_GUARDED_BY(replay_mutex);
  std::unique_ptr<engine::Database> database;
  MetricsRegistry metrics;
  std::unique_ptr<RelabelingStore> relabeling;
  std::unique_ptr<LiveConfig> live_config;
  ThreadPool helpers;
  MemoryBudget query_memory;
  query::QueryEngine query_engine;
  std::unique_ptr<WebSecurity> web;  // Null without a file.
  std::unique_ptr<HttpServer> http;
  std::unique_ptr<SelfScrape> self_scrape;
};

Status RunningServer::Parts::StartHttp(HttpServerOptions options, Router router) {
  if (web) options.security = web->current();
  options.on_answered = [this](const AnsweredRequest& answered) { LogRequest(answered); };
  http = std::make_unique<HttpServer>(std::move(options), std::move(router), &metrics);
  FIRN_RETURN_IF_ERROR(http->Start());
  if (web) {
    web->Start(kWebFilesInterval,
               [this](auto security) { http->SetSecurity(std::move(security)); });
  }
  return OkStatus();
}

Status RunningServer::Parts::OpenDatabase(engine::DatabaseOptions options, std::stop_token stop) {
  options.memory = &memory;
  options.on_replay = [this, stop = std::move(stop)](const engine::ReplayProgress& progress) {
    SetReplay(progress);
    return stop.stop_requested() ? Cancelled("asked to stop") : OkStatus();
  };
  FIRN_ASSIGN_OR_RETURN(database, engine::Database::Open(options));
  if (const std::string report = database->RecoveryReport(); !report.empty()) {
    spdlog::warn("recovery: {}", report);
  }
  return OkStatus();
}

void RunningServer::Parts::LogRequest(const AnsweredRequest& answered) const {
  if (!WantsRequest(request_log.load(std::memory_order_relaxed), answered.status)) return;
  spdlog::info("request {}", RequestLine(answered));
}

RunningServer::RunningServer(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

RunningServer::~RunningServer() {
  if (const Status status = Stop(); !status.ok()) {
    spdlog::error("closing the store: {}", status.ToString());
  }
}

uint16_t RunningServer::port() const { return parts_->http->port(); }

std::string_view RunningServer::scheme() const {
  return parts_->web && parts_->web->current()->tls ? "https" : "http";
}

Status RunningServer::Stop() {
  if (parts_->database == nullptr) return OkStatus();
  if (parts_->self_scrape) parts_->self_scrape->Stop();
  if (parts_->web) parts_->web->Stop();
  if (parts_->http) parts_->http->Stop();
  const Status status = parts_->database->Close();
  parts_->database.reset();
  return status;
}

Status RunningServer::Reload() { return parts_->live_config->Reload().status(); }

void RunningServer::AddReloadableParts(Parts* parts) {
  parts->live_config->AddPart([](const ServerConfig& config) -> Result<LiveConfig::Commit> {
    return LiveConfig::Commit(
        [level = config.log_level] { spdlog::set_level(spdlog::level::from_str(level)); });
  });
  parts->live_config->AddPart([parts](const ServerConfig& config) -> Result<LiveConfig::Commit> {
    return LiveConfig::Commit(
        [parts, limit = config.slow_query_threshold, log = ParseRequestLog(config.request_log)] {
          parts->slow_query_ms = limit;
          parts->request_log = log.value_or(RequestLog::kOff);
        });
  });
  parts->live_config->AddPart([parts](const ServerConfig& config) -> Result<LiveConfig::Commit> {
    FIRN_ASSIGN_OR_RETURN(const RelabelRules rules,
                          RelabelRules::Create(config.write_relabel_configs, Md5Tail));
    return LiveConfig::Commit([parts, rules] { parts->relabeling->SetRules(rules); });
  });
  parts->live_config->AddPart([parts](const ServerConfig& config) -> Result<LiveConfig::Commit> {
    return LiveConfig::Commit(
        [parts, limits = MakeSeriesLimits(config)] { parts->database->SetSeriesLimits(limits); });
  });
  if (parts->web == nullptr) return;
  parts->live_config->AddPart([parts](const ServerConfig&) -> Result<LiveConfig::Commit> {
    return parts->web->PrepareReload();
  });
}

ApiContext RunningServer::MakeContext(const ServerConfig& config, Parts* parts) {
  ApiContext context;
  context.engine = &parts->query_engine;
  context.metrics = &parts->metrics;
  context.clock = Clock::System();
  context.build = ThisBuild();
  context.start_time = parts->start_time;
  context.config = [live = parts->live_config.get()] { return live->Info(); };
  context.otlp = MakeOtlpOptions(config);
  context.replay = [parts] { return parts->GetReplay(); };
  context.slow_query_ms = &parts->slow_query_ms;
  context.resolution_max = config.query_max_source_resolution;
  context.zero_starts = config.start_timestamp_zero_ingestion;
  context.write_body_bytes_max = config.write_bytes_max;
  context.unpacked_body_bytes_max = config.unpacked_bytes_max;
  context.query_body_bytes_max = config.query_bytes_max;
  return context;
}

Status RunningServer::ServeStore(const ServerConfig& config, ApiContext context,
                                 std::function<void()> quit, Parts* parts) {
  engine::Database* const database = parts->database.get();
  parts->relabeling = std::make_unique<RelabelingStore>(database, database,
                                                        MemoryLimit(config) / 20, &parts->metrics);
  FIRN_ASSIGN_OR_RETURN(RelabelRules rules,
                        RelabelRules::Create(config.write_relabel_configs, Md5Tail));
  parts->relabeling->SetRules(std::move(rules));
  AddReloadableParts(parts);
  context.appendable = parts->relabeling.get();
  context.queryable = database;
  context.admin = database;
  context.exemplars = parts->relabeling.get();
  Router router;
  AddApiRoutes(context, &router);
  if (!config.http_quit) quit = nullptr;
  AddLifecycleRoutes(parts->live_config.get(), std::move(quit), &router);
  parts->http->SetRouter(std::move(router));
  return OkStatus();
}

Result<std::unique_ptr<RunningServer>> RunningServer::Start(const ServerConfig& config,
                                                            ConfigLoader reload,
                                                            std::function<void()> quit,
                                                            std::stop_token stop) {
  FIRN_ASSIGN_OR_RETURN(const ListenAddress listen, ParseListenAddress(config.listen));
  auto parts = std::make_unique<Parts>(config);
  if (!config.web_config_file.empty()) {
    FIRN_ASSIGN_OR_RETURN(parts->web, WebSecurity::Load(config.web_config_file, &parts->metrics));
  }
  parts->live_config =
      std::make_unique<LiveConfig>(config, std::move(reload), Clock::System(), &parts->metrics);
  ApiContext context = MakeContext(config, parts.get());
  parts->metrics
      .AddGauge("firn_build_info", "Version of the running server; always 1.",
                {{"revision", context.build.revision}, {"version", context.build.version}})
      ->Set(1);
  parts->metrics.AddCollector([start = parts->start_time](std::vector<MetricFamily>* out) {
    CollectProcessMetrics(start, out);
  });
  Router opening;
  AddOpeningRoutes(context, &opening);
  FIRN_RETURN_IF_ERROR(
      parts->StartHttp(MakeHttpOptions(config, listen, MemoryLimit(config)), std::move(opening)));
  FIRN_RETURN_IF_ERROR(parts->OpenDatabase(MakeDatabaseOptions(config), std::move(stop)));
  FIRN_RETURN_IF_ERROR(ServeStore(config, std::move(context), std::move(quit), parts.get()));
  if (config.self_scrape_interval > 0) {
    SelfScrapeOptions options;
    options.interval = config.self_scrape_interval;
    options.instance = fmt::format("{}:{}", listen.address, parts->http->port());
    engine::Database* const database = parts->database.get();
    parts->self_scrape =
        std::make_unique<SelfScrape>(options, &parts->metrics, database, database, Clock::System());
    parts->self_scrape->Start();
  }
  return std::unique_ptr<RunningServer>(new RunningServer(std::move(parts)));
}

}  // namespace firn::server
