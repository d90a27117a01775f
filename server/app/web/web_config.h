// The web configuration file: Prometheus' format and Firn's additions, see docs/operations.md.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "server/http/secure/security.h"
#include "server/http/secure/tls_context.h"

namespace firn::server {

// What the file and those that it names hold. Equal values mean the same security.
struct WebConfig {
  std::optional<TlsOptions> tls;
  std::vector<UserAccount> users;
  std::vector<TokenAccount> tokens;
  bool open_health_checks = false;
  std::vector<NameValue> headers;

  bool NeedsCredentials() const { return !users.empty() || !tokens.empty(); }
  friend bool operator==(const WebConfig&, const WebConfig&) = default;
};

// Reads the file and those that it names, relative to its folder. NotFound if one is missing,
// InvalidArgument with file and line for what is unknown, unsupported or wrong. Messages never
// have hashes, keys or tokens.
Result<WebConfig> LoadWebConfig(const std::string& path);

// `text` as the content of `path`.
Result<WebConfig> ParseWebConfig(std::string_view text, const std::string& path);

// InvalidArgument if certificates and keys cannot be used.
Result<std::shared_ptr<const Security>> MakeSecurity(const WebConfig& config);

}  // namespace firn::server
