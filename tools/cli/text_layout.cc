#include "tools/cli/text_layout.h"

#include <algorithm>
#include <cstdint>
#include <iterator>

#include "base/labels.h"

namespace firn::tools {
namespace {

struct CodeRange {
  uint32_t first;
  uint32_t last;
};

// Of Unicode's East Asian Width and its general categories, what occurs in names and labels.
constexpr CodeRange kZeroWidth[] = {{0x300, 0x36f},   {0x483, 0x489},   {0x591, 0x5bd},
                                    {0x610, 0x61a},   {0x64b, 0x65f},   {0x200b, 0x200f},
                                    {0x20d0, 0x20ff}, {0xfe00, 0xfe0f}, {0xfe20, 0xfe2f}};
constexpr CodeRange kWide[] = {{0x1100, 0x115f},   {0x2e80, 0xa4cf},   {0xac00, 0xd7a3},
                               {0xf900, 0xfaff},   {0xfe30, 0xfe6f},   {0xff00, 0xff60},
                               {0xffe0, 0xffe6},   {0x1f300, 0x1f64f}, {0x1f680, 0x1f6ff},
                               {0x1f900, 0x1f9ff}, {0x20000, 0x3fffd}};

template <size_t kSize>
bool Contains(const CodeRange (&ranges)[kSize], uint32_t code) {
  return std::any_of(std::begin(ranges), std::end(ranges),
                     [&](const CodeRange& r) { return code >= r.first && code <= r.last; });
}

// Bytes of the character that `text` begins with, by its first byte. At least 1, at most all.
size_t CharacterSize(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  const size_t size = lead < 0xc0 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  return std::min(size, text.size());
}

uint32_t CodePoint(std::string_view character) {
  const auto lead = static_cast<unsigned char>(character[0]);
  if (character.size() == 1) return lead;
  uint32_t code = lead & (0x7f >> character.size());
  for (const char c : character.substr(1))
    code = code << 6 | (static_cast<unsigned char>(c) & 0x3f);
  return code;
}

size_t CharacterWidth(std::string_view character) {
  const uint32_t code = CodePoint(character);
  if (code < 0x300) return 1;
  if (Contains(kZeroWidth, code)) return 0;
  return Contains(kWide, code) ? 2 : 1;
}

bool BreaksBehind(char c) {
  return c == ' ' || c == ',' || c == '{' || c == '/' || c == ';' || c == '|';
}

void FoldLine(std::string_view line, size_t width, std::vector<std::string>* out) {
  const auto emit = [out](std::string_view text) {
    while (text.ends_with(' ')) text.remove_suffix(1);
    out->emplace_back(text);
  };
  size_t used = 0;    // Columns of line[0, end).
  size_t end = 0;     // Bytes.
  size_t breaks = 0;  // Where the line may be broken, 0 for nowhere.
  while (end < line.size()) {
    const std::string_view character = line.substr(end, CharacterSize(line.substr(end)));
    const size_t columns = CharacterWidth(character);
    if (width > 0 && used + columns > width && end > 0 && character != " ") {
      const size_t cut = breaks > 0 ? breaks : end;
      emit(line.substr(0, cut));
      line.remove_prefix(cut);
      while (line.starts_with(' ')) line.remove_prefix(1);
      used = end = breaks = 0;
      continue;
    }
    used += columns;
    end += character.size();
    // A brace by itself on a line is worse than a broken word.
    if (BreaksBehind(character[0]) && used <= width && end > 1) breaks = end;
  }
  emit(line);
}

}  // namespace

size_t DisplayWidth(std::string_view text) {
  size_t width = 0;
  while (!text.empty()) {
    const size_t size = CharacterSize(text);
    width += CharacterWidth(text.substr(0, size));
    text.remove_prefix(size);
  }
  return width;
}

std::string Printable(std::string_view text) {
  constexpr std::string_view kReplacement = "\xef\xbf\xbd";
  std::string out;
  while (!text.empty()) {
    size_t size = CharacterSize(text);
    const std::string_view character = text.substr(0, size);
    if (!IsValidUtf8(character)) {
      out += kReplacement;
      size = 1;
    } else {
      const uint32_t code = CodePoint(character);
      const bool control = code < 0x20 || (code >= 0x7f && code < 0xa0);
      // Marks that reverse the direction of what follows hide text as well.
      const bool direction =
          (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
      out += control || direction ? kReplacement : character;
    }
    text.remove_prefix(size);
  }
  return out;
}

std::vector<std::string> Fold(std::string_view text, size_t width) {
  std::vector<std::string> lines;
  while (true) {
    const size_t end = std::min(text.find('\n'), text.size());
    FoldLine(text.substr(0, end), width, &lines);
    if (end == text.size()) return lines;
    text.remove_prefix(end + 1);
  }
}

std::string PadRight(std::string_view text, size_t width) {
  const size_t used = DisplayWidth(text);
  return std::string(text) + std::string(used < width ? width - used : 0, ' ');
}

std::string PadLeft(std::string_view text, size_t width) {
  const size_t used = DisplayWidth(text);
  return std::string(used < width ? width - used : 0, ' ') + std::string(text);
}

}  // namespace firn::tools
