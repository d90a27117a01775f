#include "query/parser/syntax/utf8.h"

#include <algorithm>

#include <fmt/core.h>

#include "base/check.h"
#include "base/labels.h"

namespace firn::query {
namespace {

constexpr uint32_t kReplacement = 0xfffd;

// REQUIRES: `text` starts with a valid sequence.
uint32_t Decode(std::string_view text, size_t length) {
  const auto lead = static_cast<unsigned char>(text[0]);
  if (length == 1) return lead;
  uint32_t code = lead & (0xff >> (length + 1));
  for (size_t i = 1; i < length; ++i) {
    code = (code << 6) | (static_cast<unsigned char>(text[i]) & 0x3f);
  }
  return code;
}

uint32_t CharacterAt(std::string_view text, size_t at) {
  if (at >= text.size()) return kReplacement;
  const size_t n = Utf8Length(text.substr(at));
  return n == 0 ? kReplacement : Decode(text.substr(at), n);
}

uint32_t ReadDigits(std::string_view digits, uint32_t base) {
  uint32_t value = 0;
  for (const char c : digits) {
    const int digit = c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
    value = value * base + static_cast<uint32_t>(digit);
  }
  return value;
}

// Reads the escape behind a backslash and returns its length.
size_t AppendEscape(std::string_view text, std::string* out) {
  constexpr std::string_view kLetters = "abfnrtv";
  constexpr std::string_view kValues = "\a\b\f\n\r\t\v";
  const char c = text[0];
  if (const size_t i = kLetters.find(c); i != std::string_view::npos) {
    out->push_back(kValues[i]);
    return 1;
  }
  if (c >= '0' && c <= '7') {
    out->push_back(static_cast<char>(ReadDigits(text.substr(0, 3), 8)));
    return 3;
  }
  if (c == 'x') {
    out->push_back(static_cast<char>(ReadDigits(text.substr(1, 2), 16)));
    return 3;
  }
  if (c == 'u' || c == 'U') {
    const size_t digits = c == 'u' ? 4 : 8;
    AppendUtf8(ReadDigits(text.substr(1, digits), 16), out);
    return 1 + digits;
  }
  out->push_back(c);
  return 1;
}

}  // namespace

size_t Utf8Length(std::string_view text) {
  for (size_t n = 1; n <= std::min<size_t>(4, text.size()); ++n) {
    if (IsValidUtf8(text.substr(0, n))) return n;
  }
  return 0;
}

void AppendUtf8(uint32_t code, std::string* out) {
  if (code < 0x80) {
    out->push_back(static_cast<char>(code));
    return;
  }
  const int more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
  const uint32_t lead = more == 1 ? 0xc0 : more == 2 ? 0xe0 : 0xf0;
  out->push_back(static_cast<char>(lead | (code >> (6 * more))));
  for (int shift = 6 * (more - 1); shift >= 0; shift -= 6) {
    out->push_back(static_cast<char>(0x80 | ((code >> shift) & 0x3f)));
  }
}

std::string QuoteCharacter(std::string_view text, size_t at) {
  std::string utf8;
  AppendUtf8(CharacterAt(text, at), &utf8);
  if (utf8 == "'") return "'\\''";
  if (utf8 == "\"") return "'\"'";
  std::string quoted = QuoteGo(utf8);
  quoted.front() = quoted.back() = '\'';
  return quoted;
}

std::string DescribeCharacter(std::string_view text, size_t at) {
  const uint32_t code = CharacterAt(text, at);
  std::string out = fmt::format("U+{:04X}", code);
  if (code < 0x20 || code == 0x7f) return out;
  out += " '";
  AppendUtf8(code, &out);
  return out + "'";
}

std::string Unquote(std::string_view quoted) {
  FIRN_CHECK(quoted.size() >= 2 && quoted.front() == quoted.back());
  const bool raw = quoted.front() == '`';
  quoted = quoted.substr(1, quoted.size() - 2);
  if (raw) return std::string(quoted);
  std::string out;
  while (!quoted.empty()) {
    if (quoted[0] != '\\') {
      const size_t n = std::min(quoted.find('\\'), quoted.size());
      out += quoted.substr(0, n);
      quoted.remove_prefix(n);
      continue;
    }
    quoted.remove_prefix(1);
    quoted.remove_prefix(AppendEscape(quoted, &out));
  }
  return out;
}

}  // namespace firn::query
