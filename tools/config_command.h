// `firn config`.
#pragma once

namespace CLI {
class App;
}

namespace firn::tools {

// Adds the sub-commands, which run while the command line is parsed and leave the exit code
// of the process in `exit_code`.
void AddConfigCommand(CLI::App& app, int* exit_code);

}  // namespace firn::tools
