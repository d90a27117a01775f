// What is printed when the arguments are wrong.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace CLI {
class App;
class Error;
}  // namespace CLI

namespace firn::tools {

// "firn query: ...": the cause, the word that may have been meant, and where to read on. `program`
// has parsed up to the error.
std::string UsageMessage(const CLI::App* program, const CLI::Error& error);

// The one of `known` that is nearest to `word`, if few letters differ; else "".
std::string Nearest(std::string_view word, const std::vector<std::string>& known);

}  // namespace firn::tools
