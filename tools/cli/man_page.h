// Manual pages, made of the same description of the commands as --help.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace CLI {
class App;
}

namespace firn::tools {

struct ManPage {
  std::string name;  // "firn-query.1"
  std::string text;  // For man(1), in the macros of man(7).
};

// A page of section 1 for `program` and for each of its commands, to any depth. `version` and
// `date` ("2026-01-31") are for the lines at the top and the bottom.
std::vector<ManPage> ManPages(const CLI::App* program, std::string_view version,
                              std::string_view date);

}  // namespace firn::tools
