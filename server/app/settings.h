// The one table of all settings, which drives the YAML file, flags, environment variables,
// --help, what the API shows and the tables in docs/operations.md. A setting has one name: a
// key of the file (query_timeout), a flag (--query-timeout) and an environment variable
// (FIRN_QUERY_TIMEOUT).
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "server/app/server_config.h"

namespace YAML {
class Node;
}

namespace firn::server {

struct Setting {
  std::string_view name;
  std::string_view help;  // One sentence without a full stop; Markdown code marks allowed.
  std::function<Status(std::string_view text, ServerConfig* config)> set;
  std::function<std::string(const ServerConfig& config)> get;
  // Of settings that are more than one value: reads a node of the file; `file_name` is for
  // messages. `set` and `get` use YAML in one line.
  std::function<Status(const YAML::Node& node, std::string_view file_name, ServerConfig* config)>
      set_node;
  // Of settings that are one number: in seconds, bytes, or as a count.
  std::function<double(const ServerConfig& config)> number;
  bool reloadable = false;  // A reload applies a new value; else the next start does.
};

struct SettingSection {
  std::string_view title;
  std::vector<Setting> settings;
};

std::vector<SettingSection> SettingSections();
// All settings in the order of their sections.
std::vector<Setting> Settings();

// "--query-timeout" and "FIRN_QUERY_TIMEOUT" of "query_timeout".
std::string FlagName(std::string_view setting);
std::string EnvironmentName(std::string_view setting);

// The tables of docs/operations.md.
std::string SettingsMarkdown();

}  // namespace firn::server
