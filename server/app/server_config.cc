#include "server/app/server_config.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <set>
#include <sstream>

#include <fmt/format.h>

#include "base/duration.h"
#include "base/labels.h"

namespace firn::server {

namespace {

Result<uint64_t> ParseNumber(std::string_view text) {
  uint64_t value = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (ec != std::errc() || end != text.data() + text.size()) {
    return InvalidArgument("{} is not a whole number", QuoteGo(text));
  }
  return value;
}

// Bytes, with KiB, MiB or GiB behind.
Result<uint64_t> ParseBytes(std::string_view text) {
  static constexpr struct {
    std::string_view suffix;
    uint64_t factor;
  } kUnits[] = {{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"B", 1}};
  uint64_t factor = 1;
  for (const auto& unit : kUnits) {
    if (!text.ends_with(unit.suffix)) continue;
    text.remove_suffix(unit.suffix.size());
    factor = unit.factor;
    break;
  }
  FIRN_ASSIGN_OR_RETURN(const uint64_t value, ParseNumber(text));
  uint64_t bytes = 0;
  if (__builtin_mul_overflow(value, factor, &bytes)) return InvalidArgument("size out of range");
  return bytes;
}

std::string FormatBytes(uint64_t bytes) {
  if (bytes != 0 && bytes % (1 << 30) == 0) return fmt::format("{}GiB", bytes >> 30);
  if (bytes != 0 && bytes % (1 << 20) == 0) return fmt::format("{}MiB", bytes >> 20);
  return fmt::format("{}", bytes);
}

Setting Text(std::string_view name, std::string ServerConfig::*member, std::string_view help,
             std::vector<std::string> allowed = {}) {
  const auto set = [member, allowed](std::string_view text, ServerConfig* config) {
    bool known = allowed.empty();
    for (const std::string& value : allowed) known |= value == text;
    if (!known) {
      return InvalidArgument("{} is not one of {}", QuoteGo(text), fmt::join(allowed, ", "));
    }
    config->*member = text;
    return OkStatus();
  };
  return {name, help, set, [member](const ServerConfig& config) { return config.*member; }};
}

Setting Number(std::string_view name, uint64_t ServerConfig::*member, uint64_t min,
               std::string_view help) {
  const auto set = [member, min](std::string_view text, ServerConfig* config) {
    FIRN_ASSIGN_OR_RETURN(const uint64_t value, ParseNumber(text));
    if (value < min) return InvalidArgument("{} is below the minimum {}", value, min);
    config->*member = value;
    return OkStatus();
  };
  return {name, help, set,
          [member](const ServerConfig& config) { return fmt::format("{}", config.*member); }};
}

Setting Bytes(std::string_view name, uint64_t ServerConfig::*member, std::string_view help) {
  const auto set = [member](std::string_view text, ServerConfig* config) {
    FIRN_ASSIGN_OR_RETURN(config->*member, ParseBytes(text));
    return OkStatus();
  };
  return {name, help, set,
          [member](const ServerConfig& config) { return FormatBytes(config.*member); }};
}

Setting Duration(std::string_view name, DurationMs ServerConfig::*member, DurationMs min,
                 std::string_view help) {
  const auto set = [member, min](std::string_view text, ServerConfig* config) {
    FIRN_ASSIGN_OR_RETURN(const DurationMs value, ParseDuration(text));
    if (value < min) {
      return InvalidArgument("{} is below the minimum {}", text, FormatDuration(min));
    }
    config->*member = value;
    return OkStatus();
  };
  return {name, help, set,
          [member](const ServerConfig& config) { return FormatDuration(config.*member); }};
}

Setting Bool(std::string_view name, bool ServerConfig::*member, std::string_view help) {
  const auto set = [member](std::string_view text, ServerConfig* config) {
    if (text != "true" && text != "false") {
      return InvalidArgument("{} is neither true nor false", QuoteGo(text));
    }
    config->*member = text == "true";
    return OkStatus();
  };
  return {name, help, set, [member](const ServerConfig& config) {
            return std::string(config.*member ? "true" : "false");
          }};
}

std::vector<Setting> StorageSettings() {
  using C = ServerConfig;
  return {
      Text("listen", &C::listen, "IP address and port to listen on"),
      Text("data", &C::data, "directory of all data; made if missing"),
      Text("ack", &C::ack, "a write is acknowledged after \"fsync\" or after \"write\"",
           {"fsync", "write"}),
      Bytes("memory_limit", &C::memory_limit,
            "bytes for head and block cache; 0: 60 % of the cgroup or machine"),
      Duration("retention", &C::retention, 0, "how long samples are kept; 0: for ever"),
      Duration("head_window", &C::head_window, kMinuteMs, "span of time sealed at once"),
      Duration("out_of_order_window", &C::out_of_order_window, 0,
               "how much older than its series' newest a sample may be"),
      Duration("future_limit", &C::future_limit, 0,
               "how far ahead of the clock a sample may be; 0: any distance"),
      Bool("backfill", &C::backfill, "accept samples of any age"),
      Number("series_max", &C::series_max, 0, "limit on active series; 0: none"),
      Number("exemplars_max", &C::exemplars_max, 0, "how many exemplars are kept; 0: none"),
      Number("labels_max", &C::labels_max, 1, "limit on labels of a series"),
      Number("label_name_bytes_max", &C::label_name_bytes_max, 1, "limit on a label name"),
      Number("label_value_bytes_max", &C::label_value_bytes_max, 1, "limit on a label value"),
  };
}

std::vector<Setting> OtlpSettings() {
  using C = ServerConfig;
  return {
      Text("otlp_translation_strategy", &C::otlp_translation_strategy,
           "how names of OpenTelemetry become names of Prometheus",
           {"UnderscoreEscapingWithSuffixes", "NoUTF8EscapingWithSuffixes",
            "UnderscoreEscapingWithoutSuffixes", "NoTranslation"}),
      Text("otlp_promote_resource_attributes", &C::otlp_promote_resource_attributes,
           "resource attributes that become labels of each series, with commas between them"),
      Bool("otlp_promote_all_resource_attributes", &C::otlp_promote_all_resource_attributes,
           "make labels of all resource attributes but those listed"),
      Bool("otlp_keep_identifying_resource_attributes",
           &C::otlp_keep_identifying_resource_attributes,
           "also put the name, namespace and instance of the service into target_info"),
      Bool("otlp_promote_scope_metadata", &C::otlp_promote_scope_metadata,
           "make labels of name, version and attributes of the instrumentation scope"),
      Bool("otlp_convert_histograms_to_nhcb", &C::otlp_convert_histograms_to_nhcb,
           "store histograms as native ones with custom buckets"),
      Bool("otlp_native_delta_ingestion", &C::otlp_native_delta_ingestion,
           "store metrics of delta temporality as they are sent"),
  };
}

}  // namespace

std::vector<Setting> Settings() {
  using C = ServerConfig;
  std::vector<Setting> settings = StorageSettings();
  const Setting more[] = {
      Duration("query_timeout", &C::query_timeout, 1, "limit on the time of a query"),
      Duration("query_lookback", &C::query_lookback, 1,
               "how long a sample counts as the current value"),
      Number("query_samples_max", &C::query_samples_max, 1,
             "samples that one query may hold in memory"),
      Number("query_concurrency", &C::query_concurrency, 1, "queries that run at a time"),
      Number("query_threads", &C::query_threads, 0,
             "threads that help running queries; 0: one per core"),
      Bool("promql_experimental_functions", &C::promql_experimental_functions,
           "allow experimental functions"),
      Bool("promql_extended_range_selectors", &C::promql_extended_range_selectors,
           "allow the modifiers anchored and smoothed"),
      Bool("promql_binop_fill_modifiers", &C::promql_binop_fill_modifiers,
           "allow fill modifiers of binary operators"),
      Bool("promql_delayed_name_removal", &C::promql_delayed_name_removal,
           "drop metric names at the end of a query instead of at once"),
      Number("ingest_concurrency", &C::ingest_concurrency, 1, "writes that run at a time"),
      Number("connections_max", &C::connections_max, 1, "limit on open connections"),
      Number("io_threads", &C::io_threads, 1, "threads that read and write sockets"),
      Duration("idle_timeout", &C::idle_timeout, kSecondMs,
               "how long a connection may wait between requests"),
      Duration("shutdown_timeout", &C::shutdown_timeout, 0,
               "how long running requests may finish when the server stops"),
      Text("cors_origin", &C::cors_origin, "origin that browsers may use; .*: any, empty: none"),
      Duration("self_scrape_interval", &C::self_scrape_interval, 0,
               "how often the server stores its own metrics; 0: never"),
      Text("log_level", &C::log_level, "debug, info, warn or error",
           {"debug", "info", "warn", "error"}),
  };
  settings.insert(settings.end(), std::begin(more), std::end(more));
  const std::vector<Setting> otlp = OtlpSettings();
  settings.insert(settings.end(), otlp.begin(), otlp.end());
  return settings;
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

Status ApplyYaml(std::string_view yaml, std::string_view file_name, ServerConfig* config) {
  const std::vector<Setting> settings = Settings();
  std::set<std::string> seen;
  try {
    const YAML::Node root = YAML::Load(std::string(yaml));
    if (root.IsNull()) return OkStatus();
    if (!root.IsMap()) return InvalidArgument("{}: expected keys and values", file_name);
    for (const auto& item : root) {
      const int line = item.first.Mark().line + 1;
      if (!item.first.IsScalar()) {
        return InvalidArgument("{}:{}: a key must be a word", file_name, line);
      }
      const std::string key = item.first.Scalar();
      const auto setting = std::find_if(settings.begin(), settings.end(),
                                        [&](const Setting& s) { return s.name == key; });
      if (setting == settings.end()) {
        return InvalidArgument("{}:{}: unknown key {}", file_name, line, QuoteGo(key));
      }
      if (!seen.insert(key).second) {
        return InvalidArgument("{}:{}: key {} is given twice", file_name, line, QuoteGo(key));
      }
      if (!item.second.IsScalar()) {
        return InvalidArgument("{}:{}: {} needs a single value", file_name, line, key);
      }
      const Status status = setting->set(item.second.Scalar(), config);
      if (!status.ok()) {
        return status.WithContext(fmt::format("{}:{}: {}", file_name, line, key));
      }
    }
  } catch (const YAML::Exception& e) {
    return InvalidArgument("{}:{}: {}", file_name, e.mark.line + 1, e.msg);
  }
  return OkStatus();
}

Result<ServerConfig> LoadConfig(const ConfigSources& sources) {
  ServerConfig config;
  if (!sources.config_file.empty()) {
    std::ifstream file(sources.config_file);
    if (!file) return NotFound("{}: cannot be read", sources.config_file);
    std::ostringstream text;
    text << file.rdbuf();
    FIRN_RETURN_IF_ERROR(ApplyYaml(text.str(), sources.config_file, &config));
  }
  for (const Setting& setting : Settings()) {
    const std::string variable = EnvironmentName(setting.name);
    if (const char* value = sources.get_environment(variable.c_str())) {
      FIRN_RETURN_IF_ERROR(setting.set(value, &config).WithContext(variable));
    }
    if (const auto flag = sources.flags.find(std::string(setting.name));
        flag != sources.flags.end()) {
      FIRN_RETURN_IF_ERROR(setting.set(flag->second, &config).WithContext(FlagName(setting.name)));
    }
  }
  return config;
}

std::string ConfigYaml(const ServerConfig& config) {
  YAML::Emitter out;
  out << YAML::BeginMap;
  for (const Setting& setting : Settings()) {
    out << YAML::Key << std::string(setting.name) << YAML::Value << setting.get(config);
  }
  out << YAML::EndMap;
  return std::string(out.c_str()) + "\n";
}

Result<ListenAddress> ParseListenAddress(std::string_view text) {
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) {
    return InvalidArgument("listen address {} has no port", QuoteGo(text));
  }
  std::string_view address = text.substr(0, colon);
  if (address.starts_with('[') && address.ends_with(']')) {
    address = address.substr(1, address.size() - 2);
  }
  FIRN_ASSIGN_OR_RETURN(const uint64_t port, ParseNumber(text.substr(colon + 1)));
  if (port > 65535) return InvalidArgument("port {} is out of range", port);
  return ListenAddress{std::string(address), static_cast<uint16_t>(port)};
}

}  // namespace firn::server
