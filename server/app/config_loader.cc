#include "server/app/config_loader.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>

#include "base/labels.h"
#include "server/app/setting_kinds.h"
#include "server/app/settings.h"
#include "server/app/yaml_fields.h"

namespace firn::server {

namespace {

Status ReadOne(const Setting& setting, const YAML::Node& node, std::string_view file_name,
               ServerConfig* config) {
  if (setting.set_node) return setting.set_node(node, file_name, config);
  if (!node.IsScalar()) return InvalidArgument("a single value is needed");
  return setting.set(node.Scalar(), config);
}

}  // namespace

Status ApplyYaml(std::string_view yaml, std::string_view file_name, ServerConfig* config) {
  std::vector<YamlField> fields;
  for (const Setting& setting : Settings()) {
    fields.push_back({setting.name, [=](const YAML::Node& node) {
                        return ReadOne(setting, node, file_name, config);
                      }});
  }
  return ParseYaml(yaml, file_name,
                   [&](const YAML::Node& root) { return ReadYamlMap(root, file_name, fields); });
}

Result<ServerConfig> LoadConfig(const ConfigSources& sources) {
  ServerConfig config;
  if (!sources.config_file.empty()) {
    FIRN_ASSIGN_OR_RETURN(const std::string text, ReadTextFile(sources.config_file));
    FIRN_RETURN_IF_ERROR(ApplyYaml(text, sources.config_file, &config));
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

std::vector<std::string> UnknownVariables(const char* const* environment) {
  constexpr std::string_view kPrefix = "FIRN_";
  constexpr std::string_view kClientPrefix = "FIRN_CLIENT_";  // Read by other commands.
  std::vector<std::string> unknown;
  const std::vector<Setting> settings = Settings();
  for (; *environment != nullptr; ++environment) {
    std::string_view name = *environment;
    name = name.substr(0, name.find('='));
    if (!name.starts_with(kPrefix) || name.starts_with(kClientPrefix)) continue;
    const bool known = std::any_of(settings.begin(), settings.end(), [&](const Setting& setting) {
      return EnvironmentName(setting.name) == name;
    });
    if (!known) unknown.emplace_back(name);
  }
  return unknown;
}

Status CheckConfig(const ServerConfig& config) {
  return ParseListenAddress(config.listen).status().WithContext("listen");
}

std::string ConfigYaml(const ServerConfig& config) {
  YAML::Emitter out;
  out << YAML::BeginMap;
  for (const Setting& setting : Settings()) {
    out << YAML::Key << std::string(setting.name) << YAML::Value;
    if (setting.set_node) {
      out << YAML::Load(setting.get(config));
    } else {
      out << setting.get(config);
    }
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
