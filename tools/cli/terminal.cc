#include "tools/cli/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <charconv>
#include <cstdlib>

#include <fmt/core.h>

namespace firn::tools {
namespace {

constexpr size_t kDefaultColumns = 80;
constexpr size_t kColumnsMax = 1000;

int Descriptor(Stream stream) { return stream == Stream::kOut ? STDOUT_FILENO : STDERR_FILENO; }

std::string_view Environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string_view() : std::string_view(value);
}

size_t Columns(Stream stream) {
  winsize size{};
  if (IsTerminal(stream) && ioctl(Descriptor(stream), TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
    return size.ws_col;
  }
  const std::string_view text = Environment("COLUMNS");
  size_t columns = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), columns);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  return whole && columns <= kColumnsMax ? columns : 0;
}

int Code(Style style) {
  switch (style) {
    case Style::kPlain:
      return 0;
    case Style::kBold:
      return 1;
    case Style::kDim:
      return 2;
    case Style::kRed:
      return 31;
    case Style::kGreen:
      return 32;
    case Style::kYellow:
      return 33;
    case Style::kBlue:
      return 34;
    case Style::kMagenta:
      return 35;
    case Style::kCyan:
      return 36;
  }
  return 0;
}

}  // namespace

bool IsTerminal(Stream stream) { return isatty(Descriptor(stream)) == 1; }

TextLook LookOf(Stream stream) {
  const bool plain = !Environment("NO_COLOR").empty() || Environment("TERM") == "dumb";
  return {.columns = Columns(stream), .colour = IsTerminal(stream) && !plain};
}

TextLook LookWithColumns(Stream stream) {
  TextLook look = LookOf(stream);
  if (look.columns == 0) look.columns = kDefaultColumns;
  return look;
}

std::string Paint(std::string_view text, Style style, bool colour) {
  if (!colour || style == Style::kPlain || text.empty()) return std::string(text);
  return fmt::format("\033[{}m{}\033[0m", Code(style), text);
}

}  // namespace firn::tools
