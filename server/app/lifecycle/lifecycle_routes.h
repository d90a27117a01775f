// `/-/reload` and `/-/quit`.
#pragma once

#include <functional>

#include "server/app/live_config.h"
#include "server/http/router.h"

namespace firn::server {

// Borrows `config`, which must outlive the router. `quit` begins the end of the process; without
// it `/-/quit` is refused.
void AddLifecycleRoutes(LiveConfig* config, std::function<void()> quit, Router* router);

}  // namespace firn::server
