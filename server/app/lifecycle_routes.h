// `/-/reload`.
#pragma once

#include "server/app/live_config.h"
#include "server/http/router.h"

namespace firn::server {

// Borrows `config`, which must outlive the router.
void AddLifecycleRoutes(LiveConfig* config, Router* router);

}  // namespace firn::server
