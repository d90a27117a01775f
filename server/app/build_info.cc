#include "server/app/build_info.h"

namespace firn::server {

BuildInfo ThisBuild() { return {FIRN_VERSION, FIRN_REVISION, FIRN_BUILD_DATE}; }

}  // namespace firn::server
