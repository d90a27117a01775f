// `firn query`: asks a running server and shows the answer.
#pragma once

namespace CLI {
class App;
}

namespace firn::tools {

// Adds the sub-command to `app`. When it runs, `*exit_code` becomes 0 (answered), 1 (the
// query failed), 2 (the arguments are wrong) or 3 (the server cannot be reached). Borrows
// both until parsing is over.
void AddQueryCommand(CLI::App& app, int* exit_code);

}  // namespace firn::tools
