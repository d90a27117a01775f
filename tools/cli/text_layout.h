// Text on a terminal: how wide it is, and where its lines may be broken.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace firn::tools {

// Columns that a terminal needs: 2 for East Asian wide characters and pictures, 0 for combining
// marks. Text must be printable, see Printable().
size_t DisplayWidth(std::string_view text);

// `text` without what could move a cursor or change colours: control characters and bytes that
// are not UTF-8 become U+FFFD.
std::string Printable(std::string_view text);

// Lines of at most `width` columns, broken behind spaces, commas, slashes and the like; a piece
// without such a place is broken where the line is full. Spaces at the end of lines are left out.
// At least one line, maybe empty. Line feeds are kept as breaks. `width` 0: only there.
std::vector<std::string> Fold(std::string_view text, size_t width);

// `text` and as many spaces as are missing to `width` columns, behind or before it.
std::string PadRight(std::string_view text, size_t width);
std::string PadLeft(std::string_view text, size_t width);

}  // namespace firn::tools
