#include "base/relabel/unicode_case.h"

#include <clocale>
#include <cwctype>

#include "base/check.h"

namespace firn {
namespace {

// The C library's tables, whatever the locale of the process.
class Utf8Locale {
 public:
  Utf8Locale() : locale_(::newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr)) {
    FIRN_CHECK(locale_ != nullptr);
  }
  ~Utf8Locale() { ::freelocale(locale_); }
  Utf8Locale(const Utf8Locale&) = delete;
  Utf8Locale& operator=(const Utf8Locale&) = delete;
  locale_t get() const { return locale_; }

 private:
  locale_t locale_;
};

// The character at the start of `text` and its length; length 0 if it is not UTF-8.
size_t Decode(std::string_view text, char32_t* c) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  const size_t n = lead < 0x80 ? 1 : lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (n > text.size() || (lead >= 0x80 && lead < 0xc2) || lead > 0xf4) return 0;
  char32_t value = n == 1 ? lead : lead & (0x7fu >> n);
  for (size_t i = 1; i < n; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
    value = value << 6 | (byte(i) & 0x3fu);
  }
  *c = value;
  return n;
}

void Encode(char32_t c, std::string* out) {
  const auto put = [&](char32_t bits) { out->push_back(static_cast<char>(bits)); };
  if (c < 0x80) return put(c);
  if (c < 0x800) {
    put(0xc0 | c >> 6);
  } else if (c < 0x10000) {
    put(0xe0 | c >> 12);
    put(0x80 | (c >> 6 & 0x3f));
  } else {
    put(0xf0 | c >> 18);
    put(0x80 | (c >> 12 & 0x3f));
    put(0x80 | (c >> 6 & 0x3f));
  }
  put(0x80 | (c & 0x3f));
}

bool IsAscii(std::string_view text) {
  for (const char c : text) {
    if (static_cast<unsigned char>(c) >= 0x80) return false;
  }
  return true;
}

template <typename Ascii, typename Wide>
std::string Map(std::string_view text, const Ascii& ascii, const Wide& wide) {
  std::string out;
  out.reserve(text.size());
  if (IsAscii(text)) {
    for (const char c : text) out.push_back(ascii(c));
    return out;
  }
  const Utf8Locale locale;
  while (!text.empty()) {
    char32_t c = 0;
    const size_t n = Decode(text, &c);
    if (n == 0) {
      out.push_back(text[0]);
    } else {
      Encode(static_cast<char32_t>(wide(static_cast<wint_t>(c), locale.get())), &out);
    }
    text.remove_prefix(n == 0 ? 1 : n);
  }
  return out;
}

}  // namespace

std::string ToLowerUtf8(std::string_view text) {
  return Map(
      text, [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; },
      ::towlower_l);
}

std::string ToUpperUtf8(std::string_view text) {
  return Map(
      text, [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; },
      ::towupper_l);
}

size_t WordCharacterLength(std::string_view text) {
  if (text.empty()) return 0;
  const char first = text[0];
  if (static_cast<unsigned char>(first) < 0x80) {
    const bool word = (first >= '0' && first <= '9') || (first >= 'a' && first <= 'z') ||
                      (first >= 'A' && first <= 'Z') || first == '_';
    return word ? 1 : 0;
  }
  char32_t c = 0;
  const size_t n = Decode(text, &c);
  if (n == 0) return 0;
  const Utf8Locale locale;
  return ::iswalnum_l(static_cast<wint_t>(c), locale.get()) ? n : 0;
}

}  // namespace firn
