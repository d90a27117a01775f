#include "tools/server_access.h"

#include <openssl/evp.h>

#include <CLI/CLI.hpp>

#include <fstream>

namespace firn::tools {

namespace {

// The first line, since editors end files with a line feed.
Result<std::string> ReadSecret(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  if (!std::getline(file, line)) return NotFound("{}: cannot be read or is empty", path);
  if (line.ends_with('\r')) line.pop_back();
  return line;
}

std::string Base64(const std::string& text) {
  std::string out(4 * (text.size() / 3 + 1) + 1, '\0');
  const int n = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                                reinterpret_cast<const unsigned char*>(text.data()),
                                static_cast<int>(text.size()));
  out.resize(static_cast<size_t>(n));
  return out;
}

Result<std::string> Authorization(const ServerAccess& access) {
  if (!access.bearer_token_file.empty()) {
    if (!access.user.empty() || !access.password_file.empty()) {
      return InvalidArgument("--bearer-token-file and --user exclude each other");
    }
    FIRN_ASSIGN_OR_RETURN(const std::string token, ReadSecret(access.bearer_token_file));
    return "Bearer " + token;
  }
  if (access.user.empty() != access.password_file.empty()) {
    return InvalidArgument("--user and --password-file need each other");
  }
  if (access.user.empty()) return std::string();
  FIRN_ASSIGN_OR_RETURN(const std::string password, ReadSecret(access.password_file));
  return "Basic " + Base64(access.user + ":" + password);
}

}  // namespace

void AddAccessOptions(CLI::App* command, ServerAccess* access) {
  command->add_option("--user", access->user, "user name for the server")
      ->envname("FIRN_CLIENT_USER");
  command->add_option("--password-file", access->password_file, "file with the user's password")
      ->type_name("FILE")
      ->envname("FIRN_CLIENT_PASSWORD_FILE");
  command
      ->add_option("--bearer-token-file", access->bearer_token_file,
                   "file with a token, in place of user and password")
      ->type_name("FILE")
      ->envname("FIRN_CLIENT_BEARER_TOKEN_FILE");
  command
      ->add_option("--ca-file", access->ca_file,
                   "certificates to trust for https:// (default: those of the system)")
      ->type_name("FILE")
      ->envname("FIRN_CLIENT_CA_FILE");
}

Result<ServerClient> MakeClient(const ServerAccess& access) {
  FIRN_ASSIGN_OR_RETURN(ServerUrl url, SplitUrl(access.url));
  if (!url.secure && !access.ca_file.empty()) {
    return InvalidArgument("--ca-file needs a server's URL that begins with https://");
  }
  HttpClientOptions options;
  FIRN_ASSIGN_OR_RETURN(options.authorization, Authorization(access));
  options.host = std::move(url.host);
  options.port = std::move(url.port);
  options.secure = url.secure;
  options.ca_file = access.ca_file;
  return ServerClient{HttpClient(std::move(options)), std::move(url.prefix)};
}

}  // namespace firn::tools
