#include <cstdio>

#include <fmt/core.h>
#include <CLI/CLI.hpp>

#include "server/app/build_info.h"
#include "tools/backup_command.h"
#include "tools/capacity/capacity_command.h"
#include "tools/cli/command_help.h"
#include "tools/cli/document_commands.h"
#include "tools/cli/terminal.h"
#include "tools/cli/usage_error.h"
#include "tools/config_command.h"
#include "tools/inspect/inspect_command.h"
#include "tools/integrity_command.h"
#include "tools/move/import_command.h"
#include "tools/move/output/export_command.h"
#include "tools/query_command.h"
#include "tools/serve_command.h"

namespace {

std::string VersionText() {
  const firn::server::BuildInfo build = firn::server::ThisBuild();
  return fmt::format("firn {} ({}, {})", build.version, build.revision.substr(0, 12),
                     build.build_date);
}

}  // namespace

int main(int argc, char** argv) {
  using namespace firn::tools;
  CLI::App app("Time-series database and query engine for Prometheus metrics", "firn");
  app.formatter(MakeHelpFormatter(LookOf(Stream::kOut)));
  app.failure_message(UsageMessage);
  app.get_help_ptr()->description("print this help");
  app.set_version_flag("--version", VersionText(), "print the version");
  app.require_subcommand(1);
  int exit_code = 0;
  AddServeCommand(app, &exit_code);
  AddQueryCommand(app, &exit_code);
  AddCapacityCommand(app, &exit_code);
  AddConfigCommand(app, &exit_code);
  AddBackupCommands(app, &exit_code);
  AddIntegrityCommands(app, &exit_code);
  AddInspectCommand(app, &exit_code);
  AddImportCommand(app, &exit_code);
  AddExportCommand(app, &exit_code);
  AddDocumentCommands(app, &exit_code);
  SetHelp(
      &app,
      {.examples = {{"firn serve --data ./data", "A server at http://127.0.0.1:9797"},
                    {"firn query up", ""},
                    {"firn query --help", "What a command can do, with examples"}},
       .exit_codes = {{0, "done"},
                      {1, "failed, or something was found that ought not to be"},
                      {2, "wrong arguments"},
                      {3, "the server cannot be reached"}},
       .notes = {"Text goes to standard output, errors and progress to standard error. NO_COLOR "
                 "in the environment switches colours off."}});
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    const int code = app.exit(e);
    return code == 0 ? 0 : 2;
  }
  return exit_code;
}
