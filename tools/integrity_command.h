// `firn verify` and `firn repair`.
#pragma once

namespace CLI {
class App;
}

namespace firn::tools {

void AddIntegrityCommands(CLI::App& app, int* exit_code);

}  // namespace firn::tools
