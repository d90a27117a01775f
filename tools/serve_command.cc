#include "tools/serve_command.h"

#include <spdlog/spdlog.h>
#include <unistd.h>

#include <fmt/core.h>
#include <CLI/CLI.hpp>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include "server/app/config_loader.h"
#include "server/app/lifecycle/serve.h"
#include "server/app/settings.h"
#include "tools/cli/command_help.h"

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
  for (const std::string& name : server::UnknownVariables(environ)) {
    spdlog::warn("environment variable {} is no setting", name);
  }
  return server::Serve(*config, load);
}

// Text of Markdown with links to other pages as words for a terminal.
std::string WithoutLinks(std::string_view markdown) {
  std::string out;
  while (true) {
    const size_t open = markdown.find('[');
    const size_t middle = markdown.find("](", open);
    const size_t close = markdown.find(')', middle);
    if (close == std::string_view::npos) return out + std::string(markdown);
    out += markdown.substr(0, open);
    out += markdown.substr(open + 1, middle - open - 1);
    markdown.remove_prefix(close + 1);
  }
}

}  // namespace

void AddServeCommand(CLI::App& app, int* exit_code) {
  CLI::App* command = app.add_subcommand("serve", "Serve the HTTP API over a data directory");
  auto options = std::make_shared<Options>();
  command
      ->add_option(
          "--config", options->config_file,
          fmt::format("YAML file with settings (default: {} if there is one)", kDefaultConfigFile))
      ->type_name("FILE");
  const server::ServerConfig defaults;
  for (const server::SettingSection& section : server::SettingSections()) {
    for (const server::Setting& setting : section.settings) {
      const std::string name(setting.name);
      const std::string value = setting.get(defaults);
      CLI::Option* option = command->add_option(
          server::FlagName(name), options->flags[name],
          fmt::format("{} [default: {}] [${}]", WithoutLinks(setting.help),
                      value.empty() ? "none" : value, server::EnvironmentName(name)));
      option->type_name(name == "data" ? "DIR" : name.ends_with("_file") ? "FILE" : "VALUE");
      option->group(std::string(section.title));
      // Naming what can be on or off turns it on.
      if (value == "true" || value == "false") option->expected(0, 1)->default_str("true");
      options->given[name] = option;
    }
  }
  SetHelp(
      command,
      {.examples = {{"firn serve --data /var/lib/firn --listen 0.0.0.0:9797", ""},
                    {"firn serve --config /etc/firn.yml --log-level debug", ""},
                    {"firn config defaults > firn.yml", "A file with all settings to begin with"}},
       .exit_codes = {{0, "ended by SIGTERM or SIGINT, with everything closed"},
                      {1, "the store or the port cannot be opened, or closing failed"},
                      {2, "wrong arguments or settings"}}});
  command->callback([options, exit_code] { *exit_code = RunServe(*options); });
}

}  // namespace firn::tools
