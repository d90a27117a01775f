#include <CLI/CLI.hpp>

#include "tools/backup_command.h"
#include "tools/config_command.h"
#include "tools/integrity_command.h"
#include "tools/query_command.h"
#include "tools/serve_command.h"

int main(int argc, char** argv) {
  CLI::App app("Firn: a time-series database and query engine for Prometheus metrics.", "firn");
  app.require_subcommand(1);
  int exit_code = 0;
  firn::tools::AddServeCommand(app, &exit_code);
  firn::tools::AddConfigCommand(app, &exit_code);
  firn::tools::AddQueryCommand(app, &exit_code);
  firn::tools::AddBackupCommands(app, &exit_code);
  firn::tools::AddIntegrityCommands(app, &exit_code);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    const int code = app.exit(e);
    return code == 0 ? 0 : 2;
  }
  return exit_code;
}
