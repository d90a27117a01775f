#include "server/app/settings.h"

#include <fmt/core.h>

#include "server/app/promql/engine_setup.h"
#include "server/app/retention_rules.h"
#include "server/app/series_limit_settings.h"
#include "server/app/setting_kinds.h"

namespace firn::server {

namespace {

using C = ServerConfig;

Setting RetentionRulesSetting() {
  Setting setting = TextSetting("retention_rules", &C::retention_rules,
                                "exceptions from `retention`, `SELECTOR DURATION; ...`, see "
                                "[Storage over time](#storage-over-time)");
  setting.set = [](std::string_view text, ServerConfig* config) {
    FIRN_RETURN_IF_ERROR(ParseRetentionRules(text).status());
    config->retention_rules = text;
    return OkStatus();
  };
  return setting;
}

std::vector<Setting> StorageSettings() {
  return {
      TextSetting("listen", &C::listen,
                  "IP address and port; IPv6 in brackets. Port 0 takes a free one"),
      TextSetting("data", &C::data, "directory of all data; made if missing"),
      TextSetting("ack", &C::ack,
                  "when a write is acknowledged: `fsync` once it is on disk, `write` once the "
                  "kernel has it (a crash of the machine may lose the last moments)",
                  {"fsync", "write"}),
      BytesSetting(
          "memory_limit", &C::memory_limit,
          "bytes of which head, caches, merges and queries each get a share; 0 takes 60 % of "
          "the cgroup's or the machine's memory"),
      DurationSetting("retention", &C::retention, 0,
                      "how much older than the newest stored sample a sample may grow; 0 keeps "
                      "all"),
      TiersSetting(
          "tiers", &C::tiers,
          "resolution and retention of each tier, see [Resolutions](promql.md#resolutions); "
          "a retention of 0 keeps all, nothing at all stands for no tiers"),
      RetentionRulesSetting(),
      BytesSetting("retention_bytes", &C::retention_bytes,
                   "bytes of all windows beyond which the oldest are dropped; 0 for no limit"),
      DurationSetting("head_window", &C::head_window, kMinuteMs,
                      "span of time that is collected in memory and sealed at once"),
      DurationSetting("out_of_order_window", &C::out_of_order_window, 0,
                      "how much older than the newest of its series a sample may be"),
      DurationSetting("future_limit", &C::future_limit, 0,
                      "how far ahead of the clock a sample may be; 0 for any distance"),
      BoolSetting("backfill", &C::backfill, "accept samples of any age"),
      BytesSetting("min_free_disk", &C::min_free_disk,
                   "below this much free disk writes get 503; they are taken again when there is "
                   "a tenth more, see [Full disk](#full-disk)"),
      DurationSetting("scrub_interval", &C::scrub_interval, 0,
                      "how often all that is stored is read to see whether it is whole; 0 for "
                      "never"),
      BytesSetting("scrub_bytes_per_second", &C::scrub_bytes_per_second,
                   "how fast that goes at most; 0 for no limit"),
      BoolSetting("start_timestamp_zero_ingestion", &C::start_timestamp_zero_ingestion,
                  "store a zero where a sender says that counting began"),
      NumberSetting("exemplars_max", &C::exemplars_max, 0,
                    "how many exemplars are kept, the newest; 0 for none. Each takes about 300 "
                    "bytes of memory"),
      Reloadable(RelabelSetting(
          "write_relabel_configs", &C::write_relabel_configs,
          "rules that change or drop series on their way in, see [Relabelling](#relabelling)")),
      NumberSetting("labels_max", &C::labels_max, 1, "labels of a series"),
      NumberSetting("label_name_bytes_max", &C::label_name_bytes_max, 1,
                    "bytes of a label name, at most 16777215"),
      NumberSetting("label_value_bytes_max", &C::label_value_bytes_max, 1,
                    "bytes of a label value, at most 16777215"),
  };
}

Setting LabelLimitsSetting() {
  Setting setting =
      TextSetting("series_max_per_label", &C::series_max_per_label,
                  "active series that share one value of a label, `LABEL=SERIES,...`, for labels "
                  "that stand for senders");
  setting.set = [](std::string_view text, ServerConfig* config) {
    FIRN_RETURN_IF_ERROR(ParseLabelLimits(text).status());
    config->series_max_per_label = text;
    return OkStatus();
  };
  return setting;
}

// Known series go on whatever these say.
std::vector<Setting> CardinalitySettings() {
  std::vector<Setting> settings = {
      NumberSetting("series_max", &C::series_max, 0,
                    "active series; 0 for no limit, see [Cardinality](#cardinality)"),
      NumberSetting("series_max_per_metric", &C::series_max_per_metric, 0,
                    "active series of one metric name; 0 for no limit"),
      LabelLimitsSetting(),
      NumberSetting("label_values_max", &C::label_values_max, 0,
                    "different values of any one label over all active series; 0 for no limit"),
      NumberSetting("new_series_per_hour_max", &C::new_series_per_hour_max, 0,
                    "series that become known within the last 60 minutes; 0 for no limit"),
  };
  for (Setting& setting : settings) setting = Reloadable(std::move(setting));
  return settings;
}

Setting FeaturesSetting() {
  Setting setting = TextSetting("enable_feature", &C::enable_feature,
                                "the same by Prometheus' names, with commas between them, see "
                                "[PromQL](promql.md#behind-settings)");
  setting.set = [](std::string_view text, ServerConfig* config) {
    FIRN_RETURN_IF_ERROR(CheckFeatures(text));
    config->enable_feature = text;
    return OkStatus();
  };
  return setting;
}

std::vector<Setting> QuerySettings() {
  return {
      DurationSetting(
          "query_timeout", &C::query_timeout, 1,
          "longest time of a query, with its wait for a thread; a request may ask for less "
          "with `timeout`"),
      DurationSetting("query_lookback", &C::query_lookback, 1,
                      "how long a sample counts as the current value"),
      ResolutionSetting("query_max_source_resolution", &C::query_max_source_resolution,
                        "what queries without `max_source_resolution` are answered from, see "
                        "[Resolutions](promql.md#resolutions)"),
      Reloadable(DurationSetting("slow_query_threshold", &C::slow_query_threshold, 0,
                                 "queries that evaluate longer are logged with what they read and "
                                 "who asked; 0 for none")),
      NumberSetting("query_samples_max", &C::query_samples_max, 1,
                    "samples that one query may hold in memory"),
      BytesSetting("query_memory_max", &C::query_memory_max,
                   "bytes of memory that one query may hold; 0 for no limit. All queries together "
                   "get half of `memory_limit`; one that finds it used up gets 503"),
      NumberSetting("query_series_max", &C::query_series_max, 0,
                    "series that all selectors of one query may match together; 0 for no limit"),
      NumberSetting("query_concurrency", &C::query_concurrency, 1,
                    "queries that run at a time; `query_queue_max` more wait"),
      NumberSetting("query_queue_max", &C::query_queue_max, 0,
                    "queries that wait for one to end; the rest get 503 at once"),
      NumberSetting("query_threads", &C::query_threads, 0,
                    "threads that help all running queries; 0 for one per core"),
      BoolSetting("promql_experimental_functions", &C::promql_experimental_functions,
                  "allow Prometheus' experimental functions"),
      BoolSetting("promql_extended_range_selectors", &C::promql_extended_range_selectors,
                  "allow the modifiers `anchored` and `smoothed`"),
      BoolSetting("promql_binop_fill_modifiers", &C::promql_binop_fill_modifiers,
                  "allow the fill modifiers of binary operators"),
      BoolSetting("promql_delayed_name_removal", &C::promql_delayed_name_removal,
                  "drop metric names at the end of a query instead of at once"),
      BoolSetting("promql_forecast_functions", &C::promql_forecast_functions,
                  "allow firn_forecast and its kin, which Prometheus does not have"),
      FeaturesSetting(),
  };
}

// What a client may take of the server.
std::vector<Setting> ClientSettings() {
  return {
      NumberSetting("ingest_concurrency", &C::ingest_concurrency, 1,
                    "writes that run at a time; `ingest_queue_max` more wait"),
      NumberSetting("ingest_queue_max", &C::ingest_queue_max, 0,
                    "writes that wait for one to end; the rest get 503 at once"),
      NumberSetting("connections_max", &C::connections_max, 1,
                    "open connections; one more closes the one that has waited longest for a "
                    "request, or gets 503 with `Retry-After`"),
      BytesSetting("head_bytes_max", &C::head_bytes_max,
                   "bytes of the head of a request, its URL included; a larger one gets 431", 1024),
      BytesSetting("write_bytes_max", &C::write_bytes_max,
                   "bytes of the body of a write, an import or a remote read, as sent", 1024),
      BytesSetting(
          "unpacked_bytes_max", &C::unpacked_bytes_max,
          "bytes of the same when unpacked by Snappy or gzip; `ingest_concurrency` of them "
          "may be in memory together",
          1024),
      BytesSetting("query_bytes_max", &C::query_bytes_max, "bytes of the body of other requests",
                   1024),
      BytesSetting("request_bytes_max", &C::request_bytes_max,
                   "bytes of all bodies that are in memory together; a request beyond gets 503. 0 "
                   "takes a tenth of the memory limit, 64 MiB to 1 GiB"),
      DurationSetting("handshake_timeout", &C::handshake_timeout, kSecondMs,
                      "how long a client may take to agree on TLS"),
      DurationSetting("head_timeout", &C::head_timeout, kSecondMs,
                      "how long the head of a request may take to come, and the first byte of the "
                      "first one"),
      DurationSetting("body_grace", &C::body_grace, kSecondMs,
                      "how long a body may come at any pace"),
      BytesSetting("body_bytes_per_second", &C::body_bytes_per_second,
                   "pace that a body must have kept from then on; 0 for any"),
      DurationSetting(
          "answer_timeout", &C::answer_timeout, kSecondMs,
          "how long a client may take nothing of its answer, and how long it may let it "
          "wait in all below the pace that follows"),
      BytesSetting("answer_bytes_per_second", &C::answer_bytes_per_second,
                   "pace at which an answer must have been taken while it waited", 1),
      DurationSetting("idle_timeout", &C::idle_timeout, kSecondMs,
                      "how long a connection may wait between requests. Keep it above 90 s for "
                      "Grafana"),
  };
}

std::vector<Setting> ServerSettings() {
  return {
      NumberSetting("io_threads", &C::io_threads, 0,
                    "threads that read and write sockets; 0 takes one for each four processors"),
      DurationSetting("shutdown_timeout", &C::shutdown_timeout, 0,
                      "how long running requests may finish on SIGTERM"),
      TextSetting("cors_origin", &C::cors_origin,
                  "the one origin that browsers may use, `.*` for any, empty for none"),
      BoolSetting("http_quit", &C::http_quit, "let clients end the server by `POST /-/quit`"),
      TextSetting(
          "web_config_file", &C::web_config_file,
          "file of Prometheus' web configuration format with certificates, users, roles "
          "and tokens, see [Security](#security); empty for plain HTTP without credentials"),
      DurationSetting("self_scrape_interval", &C::self_scrape_interval, 0,
                      "how often the server stores its own metrics; 0 for never"),
      Reloadable(TextSetting("log_level", &C::log_level,
                             "`debug`, `info`, `warn` or `error`; the log goes to standard output",
                             {"debug", "info", "warn", "error"})),
      Reloadable(TextSetting("request_log", &C::request_log,
                             "which requests are logged: `off`, `errors` (status 400 and above) or "
                             "`all`, see [Request log](#request-log)",
                             {"off", "errors", "all"})),
  };
}

std::vector<Setting> OtlpSettings() {
  return {
      TextSetting("otlp_translation_strategy", &C::otlp_translation_strategy,
                  "how names of OpenTelemetry become names of Prometheus; also "
                  "`NoUTF8EscapingWithSuffixes`, `UnderscoreEscapingWithoutSuffixes`, "
                  "`NoTranslation`",
                  {"UnderscoreEscapingWithSuffixes", "NoUTF8EscapingWithSuffixes",
                   "UnderscoreEscapingWithoutSuffixes", "NoTranslation"}),
      TextSetting("otlp_promote_resource_attributes", &C::otlp_promote_resource_attributes,
                  "resource attributes that become labels of each series, with commas between "
                  "them"),
      BoolSetting("otlp_promote_all_resource_attributes", &C::otlp_promote_all_resource_attributes,
                  "make labels of all resource attributes but those listed"),
      BoolSetting("otlp_keep_identifying_resource_attributes",
                  &C::otlp_keep_identifying_resource_attributes,
                  "also put the name, namespace and instance of the service into `target_info`"),
      BoolSetting("otlp_promote_scope_metadata", &C::otlp_promote_scope_metadata,
                  "make labels of name, version and attributes of the instrumentation scope"),
      BoolSetting("otlp_convert_histograms_to_nhcb", &C::otlp_convert_histograms_to_nhcb,
                  "store histograms as native ones with custom buckets"),
      BoolSetting("otlp_native_delta_ingestion", &C::otlp_native_delta_ingestion,
                  "store metrics of delta temporality as they are sent; else they are refused"),
  };
}

}  // namespace

std::vector<SettingSection> SettingSections() {
  return {{"Storage", StorageSettings()}, {"Limits on series", CardinalitySettings()},
          {"Queries", QuerySettings()},   {"Clients", ClientSettings()},
          {"Server", ServerSettings()},   {"OpenTelemetry", OtlpSettings()}};
}

std::vector<Setting> Settings() {
  std::vector<Setting> all;
  for (SettingSection& section : SettingSections()) {
    all.insert(all.end(), section.settings.begin(), section.settings.end());
  }
  return all;
}

std::string FlagName(std::string_view setting) {
  std::string name = "--";
  for (const char c : setting) name.push_back(c == '_' ? '-' : c);
  return name;
}

std::string EnvironmentName(std::string_view setting) {
  std::string name = "FIRN_";
  for (const char c : setting) name.push_back(c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c);
  return name;
}

std::string SettingsMarkdown() {
  const ServerConfig defaults;
  std::string out;
  for (const SettingSection& section : SettingSections()) {
    out +=
        fmt::format("### {}\n\n| key | default | meaning |\n| --- | --- | --- |\n", section.title);
    for (const Setting& setting : section.settings) {
      out += fmt::format("| `{}`{} | `{}` | {} |\n", setting.name, setting.reloadable ? " ↻" : "",
                         setting.get(defaults), setting.help);
    }
    out += "\n";
  }
  return out;
}

}  // namespace firn::server
