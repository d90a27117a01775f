// The sections of the web configuration file. Internal to server/app/web.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "server/app/web/web_config.h"

namespace YAML {
class Node;
}

namespace firn::server {

// Where a section stands.
struct WebFile {
  std::string name;              // For messages.
  std::filesystem::path folder;  // Of relative paths.
};

// The content of a file that the configuration names.
Result<std::string> ReadNamedFile(const WebFile& file, const std::string& path);

// `tls_server_config`; leaves `out` empty if the section is.
Status ReadTlsSection(const YAML::Node& node, const WebFile& file, std::optional<TlsOptions>* out);
// `http_server_config`.
Status ReadHttpSection(const YAML::Node& node, const WebFile& file,
                       std::vector<NameValue>* headers);
// `basic_auth_users`, without roles.
Status ReadUsers(const YAML::Node& node, const WebFile& file, std::vector<UserAccount>* users);
// `bearer_tokens`.
Status ReadTokens(const YAML::Node& node, const WebFile& file, std::vector<TokenAccount>* tokens);
// `roles`: gives each of `users` what it says.
Status ReadRoles(const YAML::Node& node, const WebFile& file, std::vector<UserAccount>* users);

}  // namespace firn::server
