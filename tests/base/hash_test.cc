#include "base/hash.h"

#include <string>

#include <gtest/gtest.h>

#include "base/labels.h"

namespace firn {
namespace {

// Published values of the algorithm, seed 0.
TEST(Hash, XxHash64GivesThePublishedValues) {
  const std::pair<std::string, uint64_t> cases[] = {
      {"", 0xef46db3751d8e999},
      {"a", 0xd24ec4f1a98c6e5b},
      {"as", 0x1c330fb2d66be179},
      {"asd", 0x631c37ce72a97393},
      {"asdf", 0x415872f599cea71e},
      {"abc", 0x44bc2cf5ad770999},
      {"Call me Ishmael. Some years ago--never mind how long precisely-", 0x02a2e85470d6fd96},
  };
  for (const auto& [text, hash] : cases) EXPECT_EQ(XxHash64(text), hash) << text;
}

TEST(Hash, Xxh3GivesThePublishedValueOfNothing) { EXPECT_EQ(Xxh3(""), 0x2d06800538d394c2); }

TEST(Hash, EveryByteCounts) {
  // Lengths around the algorithms' internal borders.
  for (const size_t n : {1, 3, 4, 8, 9, 16, 17, 31, 32, 33, 128, 129, 240, 241, 1024, 1025}) {
    std::string text(n, 'x');
    const uint64_t xxh64 = XxHash64(text);
    const uint64_t xxh3 = Xxh3(text);
    for (size_t i = 0; i < n; ++i) {
      text[i] ^= 1;
      EXPECT_NE(XxHash64(text), xxh64) << n << " " << i;
      EXPECT_NE(Xxh3(text), xxh3) << n << " " << i;
      text[i] ^= 1;
    }
  }
}

TEST(Hash, LabelsHashTheirPackedBytes) {
  const Labels labels = Labels::FromPairs({{"a", "bcd"}, {"__name__", "up"}});
  EXPECT_EQ(labels.Hash(), XxHash64(std::string_view("\x08__name__\x02up\x01"
                                                     "a\x03"
                                                     "bcd")));
  EXPECT_EQ(Labels().Hash(), XxHash64(""));
}

}  // namespace
}  // namespace firn
