#include "tools/cli/usage_error.h"

#include <algorithm>

#include <fmt/core.h>
#include <CLI/CLI.hpp>

#include "base/labels.h"
#include "tools/cli/command_help.h"

namespace firn::tools {
namespace {

// Letters to insert, remove or change.
size_t Distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j < row.size(); ++j) row[j] = j;
  for (size_t i = 0; i < a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i + 1;
    for (size_t j = 0; j < b.size(); ++j) {
      const size_t changed = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({changed, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

const CLI::App* Innermost(const CLI::App* program) {
  while (true) {
    const auto parsed = program->get_subcommands();
    if (parsed.empty()) return program;
    program = parsed.front();
  }
}

// Words that may stand where a word was not understood.
std::vector<std::string> KnownWords(const CLI::App* command) {
  std::vector<std::string> words;
  for (const CLI::App* sub : SubCommands(command)) words.push_back(sub->get_name());
  for (const CLI::Option* option : OptionsOf(command, false)) {
    const auto names = CLI::detail::split(option->get_name(false, true), ',');
    words.insert(words.end(), names.begin(), names.end());
  }
  return words;
}

}  // namespace

std::string Nearest(std::string_view word, const std::vector<std::string>& known) {
  std::string best;
  size_t best_distance = std::max<size_t>(1, word.size() / 3) + 1;
  for (const std::string& candidate : known) {
    const size_t distance = Distance(word, candidate);
    if (distance < best_distance) {
      best = candidate;
      best_distance = distance;
    }
  }
  return best;
}

std::string UsageMessage(const CLI::App* program, const CLI::Error& error) {
  const CLI::App* command = Innermost(program);
  const std::string name = FullName(command);
  std::string out = name + ": ";
  // A misspelt word makes another one missing; it is the cause to name.
  if (const auto unknown = program->remaining(true); !unknown.empty()) {
    const std::string word = unknown.front().substr(0, unknown.front().find('='));
    const std::string nearest = Nearest(word, KnownWords(command));
    out +=
        fmt::format("unknown {} {}", word.starts_with('-') ? "option" : "argument", QuoteGo(word));
    out += nearest.empty() ? "\n" : fmt::format("; did you mean {}?\n", nearest);
  } else if (command->get_subcommands().empty() && !SubCommands(command).empty()) {
    out += "a command is missing\n";
  } else {
    out += fmt::format("{}\n", error.what());
  }
  return out + fmt::format("See: {} --help\n", name);
}

}  // namespace firn::tools
