// `firn man` and `firn completion`: what the program knows about its own command line.
#pragma once

namespace CLI {
class App;
}

namespace firn::tools {

// Adds both to `app`. When one runs, `*exit_code` becomes 0, 1 (a file cannot be written) or 2
// (there is no such command). Borrows both until parsing is over.
void AddDocumentCommands(CLI::App& app, int* exit_code);

}  // namespace firn::tools
