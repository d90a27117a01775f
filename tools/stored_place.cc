#include "tools/stored_place.h"

#include <cstdlib>

#include <CLI/CLI.hpp>

namespace firn::tools {

namespace {

constexpr const char* kServerVariable = "FIRN_CLIENT_SERVER";

}  // namespace

void AddServerOptions(CLI::App* command, ServerAccess* access, const char* help) {
  command->add_option("--server", access->url, help)->type_name("URL")->envname(kServerVariable);
  AddAccessOptions(command, access);
}

void AddPlaceOptions(CLI::App* command, StoredPlace* place, const PlaceHelp& help) {
  command->add_option("--data", place->data, help.data)->type_name("DIR");
  AddServerOptions(command, &place->access, help.server);
}

Status ChoosePlace(StoredPlace* place, const char* data_name) {
  std::string& url = place->access.url;
  const char* variable = std::getenv(kServerVariable);
  if (!place->data.empty() && variable != nullptr && url == variable) url.clear();
  if (place->data.empty() != url.empty()) return OkStatus();
  return InvalidArgument("name either a directory with {} or a server with --server", data_name);
}

}  // namespace firn::tools
