// The description of the HTTP API for programs: openapi.yaml, as it was when this was built.
#pragma once

#include <string_view>

namespace firn::server {

std::string_view OpenApiDocument();

}  // namespace firn::server
