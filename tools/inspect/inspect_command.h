// `firn inspect`.
#pragma once

namespace CLI {
class App;
}

namespace firn::tools {

void AddInspectCommand(CLI::App& app, int* exit_code);

}  // namespace firn::tools
