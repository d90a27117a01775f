// `firn backup` and `firn restore`.
#pragma once

namespace CLI {
class App;
}

namespace firn::tools {

void AddBackupCommands(CLI::App& app, int* exit_code);

}  // namespace firn::tools
