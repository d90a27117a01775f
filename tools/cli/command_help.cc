#include "tools/cli/command_help.h"

#include <algorithm>

#include <fmt/core.h>
#include <CLI/CLI.hpp>

#include "tools/cli/text_layout.h"

namespace firn::tools {
namespace {

constexpr size_t kColumnsMax = 100;
constexpr size_t kIndent = 2;
constexpr size_t kTextColumn = 26;

// CLI11 keeps what a check says about itself with the name of the type: "TEXT:{table,csv}".
std::string TypeAndChecks(const CLI::Option* option) {
  return option->get_type_size() == 0 ? "" : option->get_type_name();
}

class HelpFormatter : public CLI::Formatter {
 public:
  explicit HelpFormatter(const TextLook& look)
      : columns_(look.columns == 0 ? 80 : std::min(look.columns, kColumnsMax)),
        colour_(look.colour) {
    label("SUBCOMMAND", "COMMAND");
  }

  std::string make_help(const CLI::App* app, std::string, CLI::AppFormatMode) const override {
    std::string out;
    AddFolded(app->get_description(), 0, &out);
    out += "\n" + make_usage(app, FullName(app));
    AddOptions("Arguments", OptionsOf(app, true), true, &out);
    AddSubCommands(app, &out);
    std::vector<std::string> groups;
    const auto options = OptionsOf(app, false);
    for (const CLI::Option* option : options) {
      const std::string& group = option->get_group();
      if (std::find(groups.begin(), groups.end(), group) == groups.end()) groups.push_back(group);
    }
    for (const std::string& group : groups) {
      std::vector<const CLI::Option*> members;
      std::copy_if(options.begin(), options.end(), std::back_inserter(members),
                   [&](const CLI::Option* option) { return option->get_group() == group; });
      AddOptions(group, members, false, &out);
    }
    for (const FooterSection& section : FooterSections(app)) AddFooter(section, &out);
    return out;
  }

 private:
  std::string Heading(const std::string& text) const {
    return "\n" + Paint(text + ":", Style::kBold, colour_) + "\n";
  }

  void AddFolded(std::string_view text, size_t indent, std::string* out) const {
    for (const std::string& line : Fold(text, columns_ - indent)) {
      *out += line.empty() ? "\n" : std::string(indent, ' ') + line + "\n";
    }
  }

  // "  --name VALUE   what it does", folded beside the name.
  void AddEntry(const std::string& name, Style style, const std::string& text,
                std::string* out) const {
    const std::vector<std::string> lines = Fold(text, columns_ - kTextColumn);
    size_t next = 0;
    *out += std::string(kIndent, ' ') + Paint(name, style, colour_);
    if (kIndent + DisplayWidth(name) + 2 <= kTextColumn && !text.empty()) {
      *out += std::string(kTextColumn - kIndent - DisplayWidth(name), ' ') + lines[next++];
    }
    *out += "\n";
    for (; next < lines.size() && !text.empty(); ++next) {
      *out += std::string(kTextColumn, ' ') + lines[next] + "\n";
    }
  }

  void AddOptions(const std::string& title, const std::vector<const CLI::Option*>& options,
                  bool positional, std::string* out) const {
    if (options.empty()) return;
    *out += Heading(title);
    for (const CLI::Option* option : options) {
      std::string name = positional ? make_option_usage(option) : option->get_name(false, true);
      std::replace(name.begin(), name.end(), ',', ' ');
      if (const std::string value = ValueName(option); !positional && !value.empty()) {
        name += " " + value;
      }
      AddEntry(name, positional ? Style::kPlain : Style::kCyan, OptionText(option), out);
    }
  }

  void AddSubCommands(const CLI::App* app, std::string* out) const {
    const auto commands = SubCommands(app);
    if (commands.empty()) return;
    *out += Heading("Commands");
    for (const CLI::App* command : commands) {
      std::string text = command->get_description();
      AddEntry(command->get_name(), Style::kCyan, text.substr(0, text.find('\n')), out);
    }
  }

  void AddFooter(const FooterSection& section, std::string* out) const {
    if (!section.title.empty()) *out += Heading(section.title);
    if (section.title.empty()) *out += "\n";
    for (const std::string& line : section.lines) {
      // Examples are to be copied, so their lines stay whole.
      const bool comment = line.starts_with("  # ");
      if (section.title == "Examples") {
        *out += (comment ? Paint(line, Style::kDim, colour_) : line) + "\n";
      } else {
        const size_t indent = std::min(line.find_first_not_of(' '), line.size());
        AddFolded(line.substr(indent), indent, out);
      }
    }
  }

  size_t columns_;
  bool colour_;
};

}  // namespace

void SetHelp(CLI::App* command, const CommandHelp& help) {
  std::string footer;
  for (const std::string& note : help.notes) footer += (footer.empty() ? "" : "\n") + note + "\n";
  if (!help.examples.empty()) {
    footer += "Examples:\n";
    for (const Example& example : help.examples) {
      if (!example.meaning.empty()) footer += "  # " + example.meaning + "\n";
      footer += "  " + example.command + "\n";
    }
  }
  if (!help.exit_codes.empty()) {
    footer += "Exit codes:\n";
    for (const ExitCode& code : help.exit_codes) {
      footer += fmt::format("  {}  {}\n", code.code, code.meaning);
    }
  }
  command->footer(footer);
}

std::shared_ptr<CLI::FormatterBase> MakeHelpFormatter(const TextLook& look) {
  return std::make_shared<HelpFormatter>(look);
}

std::string FullName(const CLI::App* command) {
  const CLI::App* parent = command->get_parent();
  return parent == nullptr ? command->get_name() : FullName(parent) + " " + command->get_name();
}

std::vector<const CLI::App*> SubCommands(const CLI::App* command) {
  return command->get_subcommands([](const CLI::App* sub) {
    return !sub->get_name().empty() && !sub->get_disabled() && !sub->get_group().empty();
  });
}

std::vector<const CLI::Option*> OptionsOf(const CLI::App* command, bool positional) {
  std::vector<const CLI::Option*> out = command->get_options([&](const CLI::Option* option) {
    return !option->get_group().empty() && option->get_positional() == positional;
  });
  // A group of options is a sub-command without a name.
  for (const CLI::App* sub : command->get_subcommands([](const CLI::App*) { return true; })) {
    if (!sub->get_name().empty()) continue;
    for (const CLI::Option* member : OptionsOf(sub, positional)) {
      if (member != sub->get_help_ptr()) out.push_back(member);
    }
  }
  // Help is the last thing that somebody who reads it looks for.
  std::stable_partition(out.begin(), out.end(),
                        [](const CLI::Option* option) { return !option->check_lname("help"); });
  return out;
}

std::string ValueName(const CLI::Option* option) {
  std::string text = TypeAndChecks(option);
  if (!Choices(option).empty()) {
    std::string words;
    for (const std::string& word : Choices(option)) words += (words.empty() ? "" : "|") + word;
    return words;
  }
  text = text.substr(0, text.find(':'));
  if (text == "TEXT") return "VALUE";
  if (text == "UINT" || text == "INT") return "N";
  return text == "FLOAT" ? "NUMBER" : text;
}

std::vector<std::string> Choices(const CLI::Option* option) {
  const std::string text = TypeAndChecks(option);
  const size_t begin = text.find('{');
  const size_t end = text.rfind('}');
  std::vector<std::string> out;
  if (begin == std::string::npos || end == std::string::npos || end < begin) return out;
  return CLI::detail::split(text.substr(begin + 1, end - begin - 1), ',');
}

std::string OptionText(const CLI::Option* option) {
  std::string text = option->get_description();
  if (const std::string value = option->get_default_str(); !value.empty()) {
    text += fmt::format(" [default: {}]", value);
  }
  if (!option->get_envname().empty()) text += fmt::format(" [${}]", option->get_envname());
  return text;
}

std::vector<FooterSection> FooterSections(const CLI::App* command) {
  std::vector<FooterSection> out;
  for (const std::string& line : Fold(command->get_footer(), 0)) {
    if (line.ends_with(':') && !line.starts_with(' ')) {
      out.push_back({line.substr(0, line.size() - 1), {}});
    } else {
      if (out.empty()) out.push_back({});
      out.back().lines.push_back(line);
    }
  }
  for (FooterSection& section : out) {
    while (!section.lines.empty() && section.lines.back().empty()) section.lines.pop_back();
  }
  std::erase_if(out, [](const FooterSection& section) { return section.lines.empty(); });
  return out;
}

}  // namespace firn::tools
