// The settings of the server as values. settings.h has their names and texts,
// config_loader.h says where they come from.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/relabel/relabel.h"
#include "base/time.h"

namespace firn::server {

// Buckets kept beside the samples.
struct TierConfig {
  DurationMs resolution = 0;
  DurationMs retention = 0;
};

struct ServerConfig {
  std::string listen = "127.0.0.1:9797";
  std::string data = "data";
  std::string ack = "fsync";  // Or "write".
  uint64_t memory_limit = 0;  // Bytes; 0: 60 % of what the cgroup or the machine has.
  DurationMs retention = 30 * kDayMs;
  std::vector<TierConfig> tiers = {{kMinuteMs, 90 * kDayMs}, {kHourMs, 730 * kDayMs}};
  std::string retention_rules;   // As ParseRetentionRules wants them.
  uint64_t retention_bytes = 0;  // 0: no limit.
  DurationMs head_window = 30 * kMinuteMs;
  DurationMs out_of_order_window = kHourMs;
  DurationMs future_limit = 10 * kMinuteMs;
  bool backfill = false;
  uint64_t min_free_disk = uint64_t{64} << 20;
  DurationMs scrub_interval = 7 * kDayMs;  // 0: never.
  uint64_t scrub_bytes_per_second = uint64_t{8} << 20;
  uint64_t series_max = 0;
  uint64_t series_max_per_metric = 0;
  std::string series_max_per_label;  // As ParseLabelLimits wants them.
  uint64_t label_values_max = 0;
  uint64_t new_series_per_hour_max = 0;
  std::vector<RelabelConfig> write_relabel_configs;
  uint64_t exemplars_max = 100'000;
  bool start_timestamp_zero_ingestion = false;
  uint64_t labels_max = 128;
  uint64_t label_name_bytes_max = 1024;
  uint64_t label_value_bytes_max = 16384;

  DurationMs query_timeout = 2 * kMinuteMs;
  DurationMs query_lookback = 5 * kMinuteMs;
  DurationMs slow_query_threshold = 10 * kSecondMs;       // 0: log none.
  std::optional<DurationMs> query_max_source_resolution;  // Not set: auto.
  uint64_t query_samples_max = 50'000'000;
  uint64_t query_memory_max = uint64_t{1} << 30;  // 0: no limit.
  uint64_t query_series_max = 5'000'000;          // 0: no limit.
  uint64_t query_concurrency = 4;
  uint64_t query_threads = 0;  // Helpers of all queries together; 0: one per core.
  bool promql_experimental_functions = false;
  bool promql_extended_range_selectors = false;
  bool promql_binop_fill_modifiers = false;
  bool promql_delayed_name_removal = false;
  bool promql_forecast_functions = false;
  std::string enable_feature;  // Prometheus' names with commas between them.

  std::string otlp_translation_strategy = "UnderscoreEscapingWithSuffixes";
  std::string otlp_promote_resource_attributes;  // Names with commas between them.
  bool otlp_promote_all_resource_attributes = false;
  bool otlp_keep_identifying_resource_attributes = false;
  bool otlp_promote_scope_metadata = false;
  bool otlp_convert_histograms_to_nhcb = false;
  bool otlp_native_delta_ingestion = false;

  uint64_t ingest_concurrency = 8;
  uint64_t ingest_queue_max = 256;
  uint64_t query_queue_max = 256;
  uint64_t connections_max = 512;
  uint64_t head_bytes_max = uint64_t{64} << 10;
  uint64_t write_bytes_max = uint64_t{32} << 20;
  uint64_t unpacked_bytes_max = uint64_t{32} << 20;
  uint64_t query_bytes_max = uint64_t{1} << 20;
  uint64_t request_bytes_max = 0;  // Of all together; 0: from the memory limit.
  uint64_t io_threads = 0;         // 0: from the number of processors.
  DurationMs handshake_timeout = 10 * kSecondMs;
  DurationMs head_timeout = 10 * kSecondMs;
  DurationMs body_grace = 5 * kSecondMs;
  uint64_t body_bytes_per_second = 1024;
  DurationMs answer_timeout = 30 * kSecondMs;
  uint64_t answer_bytes_per_second = 1024;
  DurationMs idle_timeout = 3 * kMinuteMs;
  DurationMs shutdown_timeout = 10 * kSecondMs;
  std::string cors_origin = ".*";
  bool http_quit = false;
  std::string web_config_file;  // "": plain HTTP, open to everybody.

  DurationMs self_scrape_interval = 15 * kSecondMs;  // 0: off.
  std::string log_level = "info";
  std::string request_log = "off";  // Or "errors", "all".
};

}  // namespace firn::server
