// Where stored series are: in a data directory that no server has open, or with a running server.
#pragma once

#include <string>

#include "base/status.h"
#include "tools/server_access.h"

namespace firn::tools {

struct StoredPlace {
  std::string data;     // A directory, or
  ServerAccess access;  // ... a server, if `data` is empty.
};

// What --help says of --data and --server.
struct PlaceHelp {
  const char* data = "data directory that no server has open";
  const char* server = "URL of a server to ask instead";
};

// --server and the credentials for it. Borrows `access` until parsing is over.
void AddServerOptions(CLI::App* command, ServerAccess* access, const char* help);
// --data, and the above.
void AddPlaceOptions(CLI::App* command, StoredPlace* place, const PlaceHelp& help = {});

// To be called after parsing: leaves one of the two. A directory is more to the point than a server
// that the environment names for all commands. InvalidArgument if there is neither or both;
// `data_name` is what the directory is called in that text.
Status ChoosePlace(StoredPlace* place, const char* data_name = "--data");

}  // namespace firn::tools
