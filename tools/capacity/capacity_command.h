// `firn capacity`: when resources run out, how sure that is, and what would change it.
#pragma once

namespace CLI {
class App;
}

namespace firn::tools {

// Adds the command with its sub-commands to `app`. When one runs, `*exit_code` becomes what its
// help says. Borrows both until parsing is over.
void AddCapacityCommand(CLI::App& app, int* exit_code);

// The sub-commands, added to `firn capacity`.
void AddForecastCommand(CLI::App* capacity, int* exit_code);
void AddWhatIfCommand(CLI::App* capacity, int* exit_code);
void AddReportCommand(CLI::App* capacity, int* exit_code);
void AddStorageCommand(CLI::App* capacity, int* exit_code);

}  // namespace firn::tools
