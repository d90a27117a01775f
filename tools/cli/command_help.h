// What --help says beyond options: examples and exit codes, and how all of it is laid out. The
// manual page is made of the same description.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tools/cli/terminal.h"

namespace CLI {
class App;
class FormatterBase;
class Option;
}  // namespace CLI

namespace firn::tools {

struct Example {
  std::string command;  // "firn query 'up'"
  std::string meaning;  // "" if it needs none.
};

struct ExitCode {
  int code = 0;
  std::string meaning;
};

struct CommandHelp {
  std::vector<Example> examples;
  std::vector<ExitCode> exit_codes;
  std::vector<std::string> notes = {};  // Paragraphs of plain text before the examples.
};

// Makes the footer of `command`: paragraphs, then sections "Examples:" and "Exit codes:".
void SetHelp(CLI::App* command, const CommandHelp& help);

// Help in the width of `look`, at most 100 columns: usage, arguments, groups of options with
// defaults and environment variables, sub-commands, footer. Set it before sub-commands are added,
// which inherit it.
std::shared_ptr<CLI::FormatterBase> MakeHelpFormatter(const TextLook& look);

// "firn query" for the sub-command query.
std::string FullName(const CLI::App* command);
// Visible sub-commands, in the order in which they were added.
std::vector<const CLI::App*> SubCommands(const CLI::App* command);
// Options, or positional arguments, of the command and its option groups.
std::vector<const CLI::Option*> OptionsOf(const CLI::App* command, bool positional);
// Without the text of what checks it: "FILE", "DURATION"; "" for a flag.
std::string ValueName(const CLI::Option* option);
// The words that an option admits; empty if it admits others.
std::vector<std::string> Choices(const CLI::Option* option);
// What it says about itself, with its default and its environment variable.
std::string OptionText(const CLI::Option* option);

// A footer cut at its headings: lines that end with a colon and are not indented.
struct FooterSection {
  std::string title;  // "" for what comes before the first one.
  std::vector<std::string> lines;
};
std::vector<FooterSection> FooterSections(const CLI::App* command);

}  // namespace firn::tools
