#include "tools/cli/man_page.h"

#include <algorithm>

#include <fmt/core.h>
#include <CLI/CLI.hpp>

#include "tools/cli/command_help.h"

namespace firn::tools {
namespace {

// Text in which roff sees no requests, escapes or hyphens of its own.
std::string Roff(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";
    } else if ((c == '.' || c == '\'') && (out.empty() || out.back() == '\n')) {
      out += std::string("\\&") + c;
    } else {
      out += c;
    }
  }
  return out;
}

std::string Bold(std::string_view text) { return "\\fB" + Roff(text) + "\\fR"; }
std::string Italic(std::string_view text) { return "\\fI" + Roff(text) + "\\fR"; }

std::string Dashed(std::string name) {
  std::replace(name.begin(), name.end(), ' ', '-');
  return name;
}

std::string Upper(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return text;
}

std::string OneLine(const std::string& text) { return text.substr(0, text.find('\n')); }

void AddSynopsis(const CLI::App* command, std::string* out) {
  *out += ".SH SYNOPSIS\n" + Bold(FullName(command));
  if (!OptionsOf(command, false).empty()) *out += " [" + Italic("options") + "]";
  for (const CLI::Option* argument : OptionsOf(command, true)) {
    const std::string name = Italic(argument->get_name(true, false));
    *out += argument->get_required() ? " " + name : " [" + name + "]";
    if (argument->get_expected_max() > 1) *out += " ...";
  }
  if (!SubCommands(command).empty()) *out += " " + Italic("command");
  *out += "\n";
}

void AddOption(const CLI::Option* option, std::string* out) {
  std::string names;
  for (const std::string& name : CLI::detail::split(option->get_name(false, true), ',')) {
    names += (names.empty() ? "" : ", ") + Bold(name);
  }
  if (option->get_positional()) names = Italic(option->get_name(true, false));
  const std::string value = ValueName(option);
  if (!option->get_positional() && !value.empty()) names += " " + Italic(value);
  *out += ".TP\n" + names + "\n" + Roff(OptionText(option)) + "\n";
}

void AddOptions(const CLI::App* command, std::string* out) {
  const auto arguments = OptionsOf(command, true);
  if (!arguments.empty()) *out += ".SH ARGUMENTS\n";
  for (const CLI::Option* argument : arguments) AddOption(argument, out);
  const auto options = OptionsOf(command, false);
  if (!options.empty()) *out += ".SH OPTIONS\n";
  std::vector<std::string> groups;
  for (const CLI::Option* option : options) {
    if (std::find(groups.begin(), groups.end(), option->get_group()) == groups.end()) {
      groups.push_back(option->get_group());
    }
  }
  for (const std::string& group : groups) {
    if (groups.size() > 1) *out += ".SS " + Roff(group) + "\n";
    for (const CLI::Option* option : options) {
      if (option->get_group() == group) AddOption(option, out);
    }
  }
}

void AddCommands(const CLI::App* command, std::string* out) {
  const auto commands = SubCommands(command);
  if (commands.empty()) return;
  *out += ".SH COMMANDS\n";
  for (const CLI::App* sub : commands) {
    *out += ".TP\n" + Bold(Dashed(FullName(sub))) + "(1)\n" +
            Roff(OneLine(sub->get_description())) + "\n";
  }
}

void AddFooter(const CLI::App* command, std::string* out) {
  for (const FooterSection& section : FooterSections(command)) {
    if (section.title == "Exit codes") {
      *out += ".SH EXIT STATUS\n";
      for (const std::string& line : section.lines) {
        const size_t code = line.find_first_not_of(' ');
        const size_t gap = line.find("  ", code);
        *out += ".TP\n" + Bold(line.substr(code, gap - code)) + "\n" +
                Roff(gap == std::string::npos ? "" : line.substr(gap + 2)) + "\n";
      }
      continue;
    }
    const bool verbatim = section.title == "Examples";
    if (!section.title.empty()) *out += ".SH " + Roff(Upper(section.title)) + "\n";
    if (verbatim) *out += ".nf\n";
    for (const std::string& line : section.lines) {
      if (verbatim && line.starts_with("  # ") && &line != &section.lines.front()) *out += ".sp\n";
      *out += line.empty() ? ".PP\n" : Roff(line.substr(line.find_first_not_of(' '))) + "\n";
    }
    if (verbatim) *out += ".fi\n";
  }
}

void AddEnvironment(const CLI::App* command, std::string* out) {
  std::string list;
  for (const CLI::Option* option : OptionsOf(command, false)) {
    if (option->get_envname().empty()) continue;
    list += ".TP\n.B " + Roff(option->get_envname()) + "\nthe same as " +
            Bold(option->get_name(false, false)) + "\n";
  }
  if (!list.empty()) *out += ".SH ENVIRONMENT\n" + list;
}

void AddSeeAlso(const CLI::App* command, std::string* out) {
  std::vector<std::string> names;
  if (command->get_parent() != nullptr) {
    names.push_back(Dashed(FullName(command->get_parent())));
    for (const CLI::App* sibling : SubCommands(command->get_parent())) {
      if (sibling != command) names.push_back(Dashed(FullName(sibling)));
    }
  }
  if (names.empty()) return;
  *out += ".SH SEE ALSO\n";
  for (const std::string& name : names) {
    *out += ".BR " + Roff(name) + " (1)" + (name == names.back() ? "" : ",") + "\n";
  }
}

void AddPages(const CLI::App* command, std::string_view version, std::string_view date,
              std::vector<ManPage>* pages) {
  const std::string name = Dashed(FullName(command));
  std::string text = fmt::format(".TH {} 1 \"{}\" \"Firn {}\" \"Firn\"\n.ad l\n.nh\n",
                                 Roff(Upper(name)), date, version);
  text += ".SH NAME\n" + Roff(name) + " \\- " + Roff(OneLine(command->get_description())) + "\n";
  AddSynopsis(command, &text);
  if (command->get_description().find('\n') != std::string::npos) {
    text += ".SH DESCRIPTION\n";
    const std::string more = command->get_description();
    text += Roff(more.substr(more.find_first_not_of('\n', more.find('\n')))) + "\n";
  }
  AddCommands(command, &text);
  AddOptions(command, &text);
  AddFooter(command, &text);
  AddEnvironment(command, &text);
  AddSeeAlso(command, &text);
  pages->push_back({name + ".1", std::move(text)});
  for (const CLI::App* sub : SubCommands(command)) AddPages(sub, version, date, pages);
}

}  // namespace

std::vector<ManPage> ManPages(const CLI::App* program, std::string_view version,
                              std::string_view date) {
  std::vector<ManPage> pages;
  AddPages(program, version, date, &pages);
  return pages;
}

}  // namespace firn::tools
