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
#include "server/app/web/web_config.h"
#include "tools/cli/command_help.h"

namespace firn::tools {

namespace {

Status CheckSettings(const std::string& file) {
  server::ConfigSources sources;
  sources.config_file = file;
  // A file is judged by itself, whatever the environment of this shell says.
  sources.get_environment = [](const char*) -> const char* { return nullptr; };
  return server::LoadConfig(sources).status();
}

Status CheckWeb(const std::string& file) {
  FIRN_ASSIGN_OR_RETURN(const server::WebConfig config, server::LoadWebConfig(file));
  return server::MakeSecurity(config).status().WithContext(file);
}

int Check(const std::vector<std::string>& files, Status (*check)(const std::string&)) {
  int failed = 0;
  for (const std::string& file : files) {
    const Status status = check(file);
    if (status.ok()) {
      fmt::print("{}: valid\n", file);
      continue;
    }
    ++failed;
    fmt::print(stderr, "{}\n", status.message());
  }
  return failed == 0 ? 0 : 1;
}

void AddCheck(CLI::App* config, const char* name, const char* example, const char* help,
              Status (*check)(const std::string&), int* exit_code) {
  CLI::App* command = config->add_subcommand(name, help);
  auto files = std::make_shared<std::vector<std::string>>();
  command->add_option("FILE", *files, "files to read")->required()->type_name("FILE");
  SetHelp(command, {.examples = {{fmt::format("firn config {} {}", name, example), ""}},
                    .exit_codes = {{0, "all files are valid"},
                                   {1, "one is not; each mistake is told with its line"},
                                   {2, "wrong arguments"}}});
  command->callback([files, check, exit_code] { *exit_code = Check(*files, check); });
}

}  // namespace

void AddConfigCommand(CLI::App& app, int* exit_code) {
  CLI::App* command = app.add_subcommand("config", "Check and explain configuration files");
  command->require_subcommand(1);
  AddCheck(command, "check", "/etc/firn.yml", "Check configuration files such as firn.yml",
           CheckSettings, exit_code);
  AddCheck(command, "check-web", "/etc/firn-web.yml",
           "Check web configuration files and what they name", CheckWeb, exit_code);
  CLI::App* defaults =
      command->add_subcommand("defaults", "Print all settings with their defaults");
  SetHelp(defaults, {.examples = {{"firn config defaults > firn.yml", ""}}, .exit_codes = {}});
  defaults->callback([] { fmt::print("{}", server::ConfigYaml(server::ServerConfig())); });
  CLI::App* table = command->add_subcommand("table", "Print the tables of docs/operations.md");
  table->callback([] { fmt::print("{}", server::SettingsMarkdown()); });
}

}  // namespace firn::tools
