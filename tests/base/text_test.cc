#include <string>

#include <gtest/gtest.h>

#include "base/labels.h"

namespace firn {
namespace {

TEST(Text, ValidUtf8) {
  for (const std::string text :
       {"", "plain", "\x7f", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80",
        "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf", "a\xc3\xa9z\xe2\x82\xac"}) {
    EXPECT_TRUE(IsValidUtf8(text)) << QuoteGo(text);
  }
  EXPECT_TRUE(IsValidUtf8(std::string_view("\0", 1)));
}

TEST(Text, InvalidUtf8) {
  const std::pair<std::string, std::string> cases[] = {
      {"lone continuation", "\x80"},
      {"cut short, two bytes", "\xc3"},
      {"cut short, three bytes", "\xe2\x82"},
      {"cut short, four bytes", "\xf0\x90\x80"},
      {"followed by ASCII", "\xc3z"},
      {"overlong, two bytes", "\xc0\x80"},
      {"overlong, two bytes, highest", "\xc1\xbf"},
      {"overlong, three bytes", "\xe0\x9f\xbf"},
      {"overlong, four bytes", "\xf0\x8f\xbf\xbf"},
      {"lowest surrogate", "\xed\xa0\x80"},
      {"highest surrogate", "\xed\xbf\xbf"},
      {"beyond the last code point", "\xf4\x90\x80\x80"},
      {"byte that never occurs", "\xff"},
      {"behind valid text", "abc\xfe"},
  };
  for (const auto& [what, text] : cases) EXPECT_FALSE(IsValidUtf8(text)) << what;
}

TEST(Text, LegacyNames) {
  struct Case {
    std::string name;
    bool label;
    bool metric;
  };
  const Case cases[] = {{"a", true, true},          {"_", true, true},     {"A9_z", true, true},
                        {"a:b", false, true},       {":", false, true},    {"", false, false},
                        {"9a", false, false},       {"a.b", false, false}, {"a-b", false, false},
                        {"\xc3\xa9", false, false}, {"a b", false, false}};
  for (const Case& c : cases) {
    EXPECT_EQ(IsLegacyLabelName(c.name), c.label) << c.name;
    EXPECT_EQ(IsLegacyMetricName(c.name), c.metric) << c.name;
  }
}

// As Go's strconv.Quote.
TEST(Text, QuotesWithGosEscapes) {
  const std::pair<std::string, std::string> cases[] = {
      {"", R"("")"},
      {"plain", R"("plain")"},
      {"a\"b'c", R"("a\"b'c")"},
      {"\\", R"("\\")"},
      {"\a\b\f\n\r\t\v", R"("\a\b\f\n\r\t\v")"},
      {std::string("\0\x1f\x7f", 3), R"("\x00\x1f\x7f")"},
      {"\xff\xc3", R"("\xff\xc3")"},
      {"\xc3z", R"("\xc3z")"},
      {"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\""},
  };
  for (const auto& [text, quoted] : cases) EXPECT_EQ(QuoteGo(text), quoted);
}

}  // namespace
}  // namespace firn
