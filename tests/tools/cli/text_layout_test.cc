#include "tools/cli/text_layout.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace firn::tools {
namespace {

using testing::ElementsAre;

TEST(TextLayoutTest, CountsColumnsAndNotBytes) {
  EXPECT_EQ(DisplayWidth("abc"), 3u);
  EXPECT_EQ(DisplayWidth("Zürich"), 6u);
  EXPECT_EQ(DisplayWidth("e\xcc\x81"), 1u);  // A combining accent.
  EXPECT_EQ(DisplayWidth("東京"), 4u);
  EXPECT_EQ(DisplayWidth("\xf0\x9f\x94\xa5"), 2u);  // A picture of a fire.
  EXPECT_EQ(DisplayWidth("⣿⣿"), 2u);
}

TEST(TextLayoutTest, TakesTheForceOutOfControlCharacters) {
  EXPECT_EQ(Printable("a\033[31mb"), "a\xef\xbf\xbd[31mb");
  EXPECT_EQ(Printable("a\xff"
                      "b"),
            "a\xef\xbf\xbd"
            "b");
  EXPECT_EQ(Printable("a\xe2\x80\xae"
                      "b"),
            "a\xef\xbf\xbd"
            "b");  // Right-to-left override.
  EXPECT_EQ(Printable("a\xc2\x9b"
                      "b"),
            "a\xef\xbf\xbd"
            "b");  // CSI as one character.
  EXPECT_EQ(Printable("東京 é"), "東京 é");
}

TEST(TextLayoutTest, FoldsBehindSpacesAndCommas) {
  EXPECT_THAT(Fold("one two three", 8), ElementsAre("one two", "three"));
  EXPECT_THAT(Fold("{a=\"1\",b=\"2\"}", 9), ElementsAre("{a=\"1\",", "b=\"2\"}"));
  EXPECT_THAT(Fold("metric{a=\"1\"}", 9), ElementsAre("metric{", "a=\"1\"}"));
  EXPECT_THAT(Fold("{a=\"12345678\"}", 9), ElementsAre("{a=\"12345", "678\"}"));
  EXPECT_THAT(Fold("abcdefgh", 3), ElementsAre("abc", "def", "gh"));
  EXPECT_THAT(Fold("one two", 0), ElementsAre("one two"));
  EXPECT_THAT(Fold("one\ntwo", 10), ElementsAre("one", "two"));
  EXPECT_THAT(Fold("", 10), ElementsAre(""));
  EXPECT_THAT(Fold("abc def", 3), ElementsAre("abc", "def"));
}

TEST(TextLayoutTest, NeverCutsACharacter) {
  EXPECT_THAT(Fold("東京都", 5), ElementsAre("東京", "都"));
  EXPECT_THAT(Fold("東", 1), ElementsAre("東"));  // Wider than the line: better than nothing.
}

TEST(TextLayoutTest, PadsToColumns) {
  EXPECT_EQ(PadRight("é", 3), "é  ");
  EXPECT_EQ(PadLeft("東", 4), "  東");
  EXPECT_EQ(PadLeft("abc", 2), "abc");
}

}  // namespace
}  // namespace firn::tools
