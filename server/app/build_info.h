// Of which sources this program was built.
#pragma once

#include "server/api/context.h"

namespace firn::server {

// Version, commit and its date, fixed at configure time.
BuildInfo ThisBuild();

}  // namespace firn::server
