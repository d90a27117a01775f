#include "tools/cli/document_commands.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>

#include <fmt/core.h>
#include <CLI/CLI.hpp>

#include "server/app/build_info.h"
#include "tools/cli/command_help.h"
#include "tools/cli/completion.h"
#include "tools/cli/man_page.h"

namespace firn::tools {
namespace {

struct ManOptions {
  std::vector<std::string> command;
  std::string output;
};

// "20260131-12:00:00" as "2026-01-31".
std::string PageDate(const std::string& build_date) {
  if (build_date.size() < 8) return "";
  return build_date.substr(0, 4) + "-" + build_date.substr(4, 2) + "-" + build_date.substr(6, 2);
}

int WritePages(const std::vector<ManPage>& pages, const std::string& directory) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  for (const ManPage& page : pages) {
    const std::string path = directory + "/" + page.name;
    std::ofstream file(path);
    file << page.text;
    file.close();
    if (!file) {
      fmt::print(stderr, "firn man: {}: cannot be written\n", path);
      return 1;
    }
  }
  return 0;
}

int Man(const CLI::App& app, const ManOptions& options) {
  const server::BuildInfo build = server::ThisBuild();
  const std::vector<ManPage> pages = ManPages(&app, build.version, PageDate(build.build_date));
  if (!options.output.empty()) return WritePages(pages, options.output);
  std::string name = app.get_name();
  for (const std::string& word : options.command) name += "-" + word;
  const auto page = std::find_if(pages.begin(), pages.end(),
                                 [&](const ManPage& p) { return p.name == name + ".1"; });
  if (page == pages.end()) {
    fmt::print(stderr, "firn man: there is no page {}; `firn --help` lists the commands\n", name);
    return 2;
  }
  std::fwrite(page->text.data(), 1, page->text.size(), stdout);
  return 0;
}

void AddMan(CLI::App& app, int* exit_code) {
  auto options = std::make_shared<ManOptions>();
  CLI::App* command =
      app.add_subcommand("man", "Print the manual page of the program or a command");
  command->add_option("COMMAND", options->command, "such as `query`, or `capacity forecast`");
  command->add_option("--output", options->output, "write all pages into a directory instead")
      ->type_name("DIR");
  SetHelp(command,
          {.examples = {{"firn man query | man -l -", "Read a page"},
                        {"firn man --output ~/.local/share/man/man1", "Install all pages"}},
           .exit_codes = {{0, "done"},
                          {1, "a file cannot be written"},
                          {2, "wrong arguments, or no such command"}}});
  command->callback([&app, options, exit_code] { *exit_code = Man(app, *options); });
}

}  // namespace

void AddDocumentCommands(CLI::App& app, int* exit_code) {
  AddMan(app, exit_code);
  auto shell = std::make_shared<std::string>();
  CLI::App* command = app.add_subcommand("completion", "Print the completion script of a shell");
  command->add_option("SHELL", *shell, "bash or zsh")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh"}));
  SetHelp(command,
          {.examples = {{"source <(firn completion bash)", "This shell only"},
                        {"firn completion bash > ~/.local/share/bash-completion/completions/firn",
                         "Bash, from now on"},
                        {"firn completion zsh > \"${fpath[1]}/_firn\"", "Zsh, from now on"}},
           .exit_codes = {{0, "done"}, {2, "wrong arguments"}}});
  command->callback([&app, shell, exit_code] {
    const std::string script = *shell == "bash" ? BashCompletion(&app) : ZshCompletion(&app);
    std::fwrite(script.data(), 1, script.size(), stdout);
    *exit_code = 0;
  });
}

}  // namespace firn::tools
