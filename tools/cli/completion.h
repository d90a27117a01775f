// Completion scripts for shells, made of the description of the commands.
#pragma once

#include <string>

namespace CLI {
class App;
}

namespace firn::tools {

// A script to be sourced or put into share/bash-completion/completions; needs nothing but bash 4.
// Completes commands, options, words that an option admits, and files and directories where an
// option's or argument's type is FILE or DIR.
std::string BashCompletion(const CLI::App* program);
// The same for zsh, as a file _firn in a directory of $fpath, or to be sourced after compinit.
std::string ZshCompletion(const CLI::App* program);

}  // namespace firn::tools
