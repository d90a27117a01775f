#include "tools/capacity/capacity_command.h"

#include <CLI/CLI.hpp>

#include "tools/cli/command_help.h"

namespace firn::tools {

void AddCapacityCommand(CLI::App& app, int* exit_code) {
  CLI::App* command =
      app.add_subcommand("capacity", "Say when resources run out, how sure that is, and what if");
  command->require_subcommand(1);
  AddForecastCommand(command, exit_code);
  AddWhatIfCommand(command, exit_code);
  AddReportCommand(command, exit_code);
  AddStorageCommand(command, exit_code);
  SetHelp(command,
          {.examples = {{"firn capacity forecast redis_memory_used_bytes --limit 6GiB --plot", ""},
                        {"firn capacity report platform.yml --html --output capacity.html", ""},
                        {"firn capacity forecast --help", "Options and examples of a command"}},
           .exit_codes = {},
           .notes = {"The method is described in docs/capacity-planning.md."}});
}

}  // namespace firn::tools
