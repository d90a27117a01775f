// `firn serve`.
#pragma once

namespace CLI {
class App;
}

namespace firn::tools {

// Adds the sub-command, which runs while the command line is parsed and leaves the exit code
// of the process in `exit_code`.
void AddServeCommand(CLI::App& app, int* exit_code);

}  // namespace firn::tools
