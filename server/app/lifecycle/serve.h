// The process of a server.
#pragma once

#include "server/app/live_config.h"
#include "server/app/server_config.h"

namespace firn::server {

// Serves until SIGTERM or SIGINT, also while the store opens; reloads on SIGHUP. Returns the exit
// code of the process. To be called before the process has other threads.
int Serve(const ServerConfig& config, ConfigLoader reload);

}  // namespace firn::server
