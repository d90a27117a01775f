#include "server/app/web/web_config.h"

#include <yaml-cpp/yaml.h>

#include "base/labels.h"
#include "server/app/web/web_sections.h"
#include "server/app/yaml_fields.h"

namespace firn::server {

namespace {

// As in Prometheus, who is known may do everything until roles are spoken of.
void GrantEverything(std::vector<UserAccount>* users) {
  for (UserAccount& user : *users) user.roles.Add(Role::kAdmin);
}

Status ReadRoot(const YAML::Node& root, const WebFile& file, WebConfig* config) {
  YAML::Node roles;
  bool has_roles = false;
  const std::vector<YamlField> fields = {
      {"tls_server_config",
       [&](const YAML::Node& node) { return ReadTlsSection(node, file, &config->tls); }},
      {"http_server_config",
       [&](const YAML::Node& node) { return ReadHttpSection(node, file, &config->headers); }},
      {"basic_auth_users",
       [&](const YAML::Node& node) { return ReadUsers(node, file, &config->users); }},
      {"bearer_tokens",
       [&](const YAML::Node& node) { return ReadTokens(node, file, &config->tokens); }},
      // Read after the users, wherever it stands.
      {"roles",
       [&](const YAML::Node& node) {
         roles.reset(node);
         has_roles = true;
         return OkStatus();
       }},
      BoolField("open_health_checks", &config->open_health_checks),
      {"rate_limit",
       [](const YAML::Node&) { return InvalidArgument("not supported: nothing limits rates"); }},
  };
  FIRN_RETURN_IF_ERROR(ReadYamlMap(root, file.name, fields));
  if (!has_roles) {
    GrantEverything(&config->users);
    return OkStatus();
  }
  return ReadRoles(roles, file, &config->users);
}

}  // namespace

Result<std::string> ReadNamedFile(const WebFile& file, const std::string& path) {
  return ReadTextFile(file.folder / path);
}

Result<WebConfig> ParseWebConfig(std::string_view text, const std::string& path) {
  WebConfig config;
  const WebFile file{path, std::filesystem::path(path).parent_path()};
  FIRN_RETURN_IF_ERROR(
      ParseYaml(text, path, [&](const YAML::Node& root) { return ReadRoot(root, file, &config); }));
  return config;
}

Result<WebConfig> LoadWebConfig(const std::string& path) {
  FIRN_ASSIGN_OR_RETURN(const std::string text, ReadTextFile(path));
  return ParseWebConfig(text, path);
}

Result<std::shared_ptr<const Security>> MakeSecurity(const WebConfig& config) {
  auto security = std::make_shared<Security>();
  if (config.tls) {
    auto tls = TlsContext::Create(*config.tls);
    if (!tls.ok()) return tls.status().WithContext("tls_server_config");
    security->tls = *std::move(tls);
  }
  if (config.NeedsCredentials()) {
    security->authenticator = std::make_shared<Authenticator>(config.users, config.tokens);
  }
  security->open_probes = config.open_health_checks;
  security->headers = config.headers;
  return std::shared_ptr<const Security>(std::move(security));
}

}  // namespace firn::server
