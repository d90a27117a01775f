#include "tools/serve_command.h"

#include <fmt/core.h>
#include <CLI/CLI.hpp>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include "server/app/config_loader.h"
#include "server/app/server.h"
#include "server/app/settings.h"

namespace firn::tools {

namespace {

constexpr const char* kDefaultConfigFile = "firn.yml";

struct Options {
  std::string config_file;
  std::map<std::string, std::string> flags;  // By setting; "" until given.
  std::map<std::string, CLI::Option*> given;
};

int RunServe(const Options& options) {
  server::ConfigSources sources;
  sources.config_file = options.config_file;
  std::error_code ignored;
  if (sources.config_file.empty() && std::filesystem::exists(kDefaultConfigFile, ignored)) {
    sources.config_file = kDefaultConfigFile;
  }
  sources.get_environment = [](const char* name) -> const char* { return std::getenv(name); };
  for (const auto& [name, option] : options.given) {
    if (option->count() > 0) sources.flags[name] = options.flags.at(name);
  }
  const auto load = [sources] { return server::LoadConfig(sources); };
  const auto config = load();
  if (!config.ok()) {
    fmt::print(stderr, "firn serve: {}\n", config.status().message());
    return 2;
  }
  return server::Serve(*config, load);
}

}  // namespace

void AddServeCommand(CLI::App& app, int* exit_code) {
  CLI::App* command = app.add_subcommand("serve", "Serve the HTTP API over a data directory");
  auto options = std::make_shared<Options>();
  command->add_option(
      "--config", options->config_file,
      fmt::format("YAML file with settings (default: {} if there is one)", kDefaultConfigFile));
  const server::ServerConfig defaults;
  for (const server::Setting& setting : server::Settings()) {
    const std::string name(setting.name);
    CLI::Option* option = command->add_option(server::FlagName(name), options->flags[name],
                                              std::string(setting.help));
    const std::string value = setting.get(defaults);
    option->type_name(fmt::format("[{}]", value));
    // Naming what can be on or off turns it on.
    if (value == "true" || value == "false") option->expected(0, 1)->default_str("true");
    options->given[name] = option;
  }
  command->callback([options, exit_code] { *exit_code = RunServe(*options); });
}

}  // namespace firn::tools
