#include "server/app/config_loader.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>

#include <fmt/format.h>

#include "base/labels.h"
#include "server/app/setting_kinds.h"
#include "server/app/settings.h"

namespace firn::server {

namespace {

Status ApplyRoot(const YAML::Node& root, std::string_view file_name, ServerConfig* config) {
  if (root.IsNull()) return OkStatus();
  if (!root.IsMap()) return InvalidArgument("{}: expected keys and values", file_name);
  const std::vector<Setting> settings = Settings();
  std::set<std::string> seen;
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
    if (!status.ok()) return status.WithContext(fmt::format("{}:{}: {}", file_name, line, key));
  }
  return OkStatus();
}

}  // namespace

Status ApplyYaml(std::string_view yaml, std::string_view file_name, ServerConfig* config) {
  try {
    return ApplyRoot(YAML::Load(std::string(yaml)), file_name, config);
  } catch (const YAML::Exception& e) {
    return InvalidArgument("{}:{}: {}", file_name, e.mark.line + 1, e.msg);
  }
}

Result<ServerConfig> LoadConfig(const ConfigSources& sources) {
  ServerConfig config;
  if (!sources.config_file.empty()) {
    std::ifstream file(sources.config_file);
    std::ostringstream text;
    text << file.rdbuf();
    if (!file || !text) return NotFound("{}: cannot be read", sources.config_file);
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
  FIRN_RETURN_IF_ERROR(CheckConfig(config));
  return config;
}

Status CheckConfig(const ServerConfig& config) {
  return ParseListenAddress(config.listen).status().WithContext("listen");
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
  FIRN_ASSIGN_OR_RETURN(const uint64_t port, ParseWholeNumber(text.substr(colon + 1)));
  if (port > 65535) return InvalidArgument("port {} is out of range", port);
  return ListenAddress{std::string(address), static_cast<uint16_t>(port)};
}

}  // namespace firn::server
