// `firn export`.
#pragma once

namespace CLI {
class App;
}

namespace firn::tools {

void AddExportCommand(CLI::App& app, int* exit_code);

}  // namespace firn::tools
