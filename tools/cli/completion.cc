#include "tools/cli/completion.h"

#include <algorithm>

#include <fmt/core.h>
#include <CLI/CLI.hpp>

#include "tools/cli/command_help.h"

namespace firn::tools {
namespace {

// In single quotes, as both shells read it.
std::string Quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

std::vector<std::string> Names(const CLI::Option* option) {
  return CLI::detail::split(option->get_name(false, true), ',');
}

std::string Joined(const std::vector<std::string>& words, std::string_view between) {
  std::string out;
  for (const std::string& word : words) {
    if (!out.empty()) out += between;
    out += word;
  }
  return out;
}

std::string Underscored(std::string name) {
  std::replace_if(
      name.begin(), name.end(), [](char c) { return c == ' ' || c == '-'; }, '_');
  return "_" + name;
}

// What stands for the values of an option or argument in the bash script.
std::string BashValues(const CLI::Option* option) {
  if (const auto words = Choices(option); !words.empty()) {
    return fmt::format("compgen -W $'{}' -- \"$cur\"", Joined(words, "\\n"));
  }
  const std::string type = ValueName(option);
  if (type == "FILE") return "compgen -f -- \"$cur\"";
  return type == "DIR" ? "compgen -d -- \"$cur\"" : "";
}

void AddBashCommand(const CLI::App* command, std::string* out) {
  std::vector<std::string> words;
  std::vector<std::string> with_value;
  std::string values;
  for (const CLI::App* sub : SubCommands(command)) words.push_back(sub->get_name());
  std::vector<std::string> options;
  for (const CLI::Option* option : OptionsOf(command, false)) {
    const auto names = Names(option);
    options.insert(options.end(), names.begin(), names.end());
    if (ValueName(option).empty() || option->get_expected_min() == 0) continue;
    with_value.insert(with_value.end(), names.begin(), names.end());
    if (const std::string how = BashValues(option); !how.empty()) {
      values += fmt::format("        {}) {} ;;\n", Joined(names, "|"), how);
    }
  }
  std::string arguments;
  for (const CLI::Option* argument : OptionsOf(command, true)) {
    if (const std::string how = BashValues(argument); !how.empty()) arguments = how;
  }
  *out += fmt::format("    {})\n", Quoted(FullName(command)));
  *out +=
      fmt::format("      case $1 in\n        commands) echo {} ;;\n", Quoted(Joined(words, " ")));
  *out += fmt::format("        options) echo {} ;;\n", Quoted(Joined(options, " ")));
  *out += fmt::format("        with_value) echo {} ;;\n", Quoted(Joined(with_value, " ")));
  *out += fmt::format("        arguments) {} ;;\n", arguments.empty() ? ":" : arguments);
  *out += values + "      esac ;;\n";
  for (const CLI::App* sub : SubCommands(command)) AddBashCommand(sub, out);
}

// clang-format 14 takes the script for C++.
// clang-format off
constexpr std::string_view kBashDriver = R"BASH(
_firn() {
  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}
  # Bash makes words of their own of the equals sign and what follows it.
  if [[ $cur == = ]]; then
    cur=
  elif [[ $prev == = && $COMP_CWORD -ge 2 ]]; then
    prev=${COMP_WORDS[COMP_CWORD-2]}
  fi
  local path=firn word skip=0 i
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=${COMP_WORDS[i]}
    if ((skip)); then
      [[ $word == = ]] || skip=0
    elif [[ $word == -* ]]; then
      [[ " $(_firn_words with_value) " == *" $word "* ]] && skip=1
    elif [[ " $(_firn_words commands) " == *" $word "* ]]; then
      path+=" $word"
    fi
  done
  COMPREPLY=()
  local IFS=$'\n'
  if [[ $prev == -* && " $(_firn_words with_value) " == *" $prev "* ]]; then
    COMPREPLY=($(_firn_words "$prev"))
  elif [[ $cur == -* ]]; then
    COMPREPLY=($(compgen -W "$(_firn_words options | tr ' ' '\n')" -- "$cur"))
  else
    COMPREPLY=($(compgen -W "$(_firn_words commands | tr ' ' '\n')" -- "$cur") $(_firn_words arguments))
  fi
  [[ ${#COMPREPLY[@]} -gt 0 && -e ${COMPREPLY[0]} ]] && compopt -o filenames 2>/dev/null
  return 0
}
complete -F _firn firn
)BASH";
// clang-format on

// Text in the fields of _arguments, between colons and brackets.
std::string ZshText(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '[' || c == ']' || c == ':' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

std::string ZshValues(const CLI::Option* option) {
  if (const auto words = Choices(option); !words.empty()) return "(" + Joined(words, " ") + ")";
  const std::string type = ValueName(option);
  if (type == "FILE") return "_files";
  // No words rather than a mere description, which would keep options from being completed.
  return type == "DIR" ? "_files -/" : "()";
}

std::string FirstSentence(const std::string& text) { return text.substr(0, text.find('\n')); }

void AddZshCommand(const CLI::App* command, std::string* out) {
  const auto commands = SubCommands(command);
  for (const CLI::App* sub : commands) AddZshCommand(sub, out);
  std::vector<std::string> specs;
  for (const CLI::Option* option : OptionsOf(command, false)) {
    const bool flag = ValueName(option).empty() || option->get_expected_min() == 0;
    for (const std::string& name : Names(option)) {
      std::string spec = name;
      if (!flag) spec += name.starts_with("--") ? "=" : "+";
      spec += "[" + ZshText(FirstSentence(option->get_description())) + "]";
      if (!flag) spec += ":" + ZshText(ValueName(option)) + ":" + ZshValues(option);
      specs.push_back(Quoted(spec));
    }
  }
  for (const CLI::Option* argument : OptionsOf(command, true)) {
    const bool many = argument->get_expected_max() > 1;
    specs.push_back(Quoted((many ? "*:" : ":") + ZshText(argument->get_name(true, false)) + ":" +
                           ZshValues(argument)));
  }
  *out += Underscored(FullName(command)) + "() {\n";
  if (commands.empty()) {
    *out += "  _arguments -S \\\n    " + Joined(specs, " \\\n    ") + "\n}\n\n";
    return;
  }
  *out += "  local line state\n  local -a commands\n  _arguments -C \\\n    " +
          Joined(specs, " \\\n    ") +
          " \\\n    '1: :->command' '*:: :->rest'\n  case $state in\n    command)\n"
          "      commands=(\n";
  for (const CLI::App* sub : commands) {
    *out += "        " +
            Quoted(sub->get_name() + ":" + ZshText(FirstSentence(sub->get_description()))) + "\n";
  }
  *out += "      )\n      _describe command commands ;;\n    rest)\n      case $line[1] in\n";
  for (const CLI::App* sub : commands) {
    *out += fmt::format("        {}) {} ;;\n", sub->get_name(), Underscored(FullName(sub)));
  }
  *out += "      esac ;;\n  esac\n}\n\n";
}

}  // namespace

std::string BashCompletion(const CLI::App* program) {
  std::string out =
      "# Completion of firn for bash.\n\n"
      "# What may stand for $1 (commands, options, ...) in the command $path; reads $cur.\n"
      "_firn_words() {\n  case $path in\n";
  AddBashCommand(program, &out);
  out += "  esac\n}\n";
  out += kBashDriver;
  return out;
}

std::string ZshCompletion(const CLI::App* program) {
  std::string out = "#compdef firn\n# Completion of firn for zsh.\n\n";
  AddZshCommand(program, &out);
  out +=
      "# Called by the completion system, or sourced.\n"
      "if [[ $zsh_eval_context[-1] == loadautofunc ]]; then\n  _firn \"$@\"\nelse\n"
      "  compdef _firn firn\nfi\n";
  return out;
}

}  // namespace firn::tools
