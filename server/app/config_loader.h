// Where settings come from: flags win over the environment, which wins over the YAML file,
// which wins over the defaults.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "base/status.h"
#include "server/app/server_config.h"

namespace firn::server {

// Sets what the YAML text says. InvalidArgument for unknown and repeated keys and for bad
// values, with `file_name` and line.
Status ApplyYaml(std::string_view yaml, std::string_view file_name, ServerConfig* config);

struct ConfigSources {
  std::string config_file;                                  // Read if not empty.
  std::map<std::string, std::string> flags;                 // By setting name.
  std::function<const char*(const char*)> get_environment;  // As std::getenv.
};
// NotFound if the file is missing, InvalidArgument naming source and setting.
Result<ServerConfig> LoadConfig(const ConfigSources& sources);

// What no single setting can tell: InvalidArgument if the values do not fit each other or
// cannot be used.
// Variables whose name begins as those of settings do, but is none; NAME=VALUE in, names out.
std::vector<std::string> UnknownVariables(const char* const* environment);

Status CheckConfig(const ServerConfig& config);

// The whole configuration as YAML, defaults included.
std::string ConfigYaml(const ServerConfig& config);

// "127.0.0.1" and 9797 of "127.0.0.1:9797"; brackets around IPv6 addresses.
struct ListenAddress {
  std::string address;
  uint16_t port = 0;
};
Result<ListenAddress> ParseListenAddress(std::string_view text);

}  // namespace firn::server
