#include "tools/config_command.h"

#include <fmt/core.h>
#include <CLI/CLI.hpp>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "server/app/config_loader.h"
#include "server/app/settings.h"

namespace firn::tools {

namespace {

int Check(const std::vector<std::string>& files) {
  int failed = 0;
  for (const std::string& file : files) {
    server::ConfigSources sources;
    sources.config_file = file;
    // A file is judged by itself, whatever the environment of this shell says.
    sources.get_environment = [](const char*) -> const char* { return nullptr; };
    const auto config = server::LoadConfig(sources);
    if (config.ok()) {
      fmt::print("{}: valid\n", file);
      continue;
    }
    ++failed;
    fmt::print(stderr, "{}\n", config.status().message());
  }
  return failed == 0 ? 0 : 1;
}

}  // namespace

void AddConfigCommand(CLI::App& app, int* exit_code) {
  CLI::App* command = app.add_subcommand("config", "Check and explain configuration files");
  command->require_subcommand(1);
  CLI::App* check = command->add_subcommand("check", "Check configuration files");
  auto files = std::make_shared<std::vector<std::string>>();
  check->add_option("FILE", *files, "files such as firn.yml")->required();
  check->callback([files, exit_code] { *exit_code = Check(*files); });
  CLI::App* defaults =
      command->add_subcommand("defaults", "Print all settings with their defaults");
  defaults->callback([] { fmt::print("{}", server::ConfigYaml(server::ServerConfig())); });
  CLI::App* table = command->add_subcommand("table", "Print the tables of docs/operations.md");
  table->callback([] { fmt::print("{}", server::SettingsMarkdown()); });
}

}  // namespace firn::tools
