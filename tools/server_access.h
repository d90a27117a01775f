// How a sub-command reaches a server: its URL, whom it trusts and who it is.
#pragma once

#include <string>

#include "tools/http_client.h"

namespace CLI {
class App;
}

namespace firn::tools {

struct ServerAccess {
  std::string url;
  std::string user = "";
  std::string password_file = "";
  std::string bearer_token_file = "";
  std::string ca_file = "";
};

// Adds the options of an access but for its URL. Borrows `access` until parsing is over. Each is
// also an environment variable, such as FIRN_CLIENT_USER.
void AddAccessOptions(CLI::App* command, ServerAccess* access);

struct ServerClient {
  HttpClient client;
  std::string prefix;  // Of all paths.
};

// Reads the files, does not connect yet. InvalidArgument for a bad URL or options that do not
// fit each other, NotFound for a file that cannot be read.
Result<ServerClient> MakeClient(const ServerAccess& access);

}  // namespace firn::tools
