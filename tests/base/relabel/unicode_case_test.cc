#include "base/relabel/unicode_case.h"

#include <gtest/gtest.h>

namespace firn {
namespace {

TEST(UnicodeCaseTest, MapsLettersOfEveryAlphabetAndLeavesTheRest) {
  EXPECT_EQ(ToLowerUtf8("bAr123Foo_/"), "bar123foo_/");
  EXPECT_EQ(ToUpperUtf8("bAr123Foo_/"), "BAR123FOO_/");
  EXPECT_EQ(ToLowerUtf8("ÅRE Ж Ω 𐐀"), "åre ж ω 𐐨");
  EXPECT_EQ(ToUpperUtf8("åre ж ω 𐐨"), "ÅRE Ж Ω 𐐀");
  EXPECT_EQ(ToUpperUtf8("a\xff\xc3"), "A\xff\xc3");
  EXPECT_EQ(ToUpperUtf8(""), "");
}

TEST(UnicodeCaseTest, KnowsWordCharacters) {
  EXPECT_EQ(WordCharacterLength("a-"), 1u);
  EXPECT_EQ(WordCharacterLength("_"), 1u);
  EXPECT_EQ(WordCharacterLength("9"), 1u);
  EXPECT_EQ(WordCharacterLength("é"), 2u);
  EXPECT_EQ(WordCharacterLength("→"), 0u);
  EXPECT_EQ(WordCharacterLength("-"), 0u);
  EXPECT_EQ(WordCharacterLength(""), 0u);
}

}  // namespace
}  // namespace firn
