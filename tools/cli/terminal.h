// What standard output and standard error are connected to, and so what may be written there.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace firn::tools {

// How text is to be laid out for one stream.
struct TextLook {
  size_t columns = 0;   // Lines longer than this are folded; 0: never.
  bool colour = false;  // Whether escape sequences may be written.
};

enum class Stream : uint8_t { kOut, kError };

bool IsTerminal(Stream stream);

// Columns of the terminal, else those of the environment variable COLUMNS; 0 if neither says, as
// when the output goes into a file. Colour is for terminals only, and not if NO_COLOR is set
// (https://no-color.org) or TERM is "dumb".
TextLook LookOf(Stream stream);
// The same with at least some columns for what needs a width, such as plots: 80 if nobody says.
TextLook LookWithColumns(Stream stream);

enum class Style : uint8_t { kPlain, kBold, kDim, kRed, kGreen, kYellow, kBlue, kMagenta, kCyan };

// `text` between the sequences that switch a style on and off; just `text` without colour.
std::string Paint(std::string_view text, Style style, bool colour);

}  // namespace firn::tools
