// `firn import`.
#pragma once

namespace CLI {
class App;
}

namespace firn::tools {

void AddImportCommand(CLI::App& app, int* exit_code);

}  // namespace firn::tools
