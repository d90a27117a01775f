#include "base/bytes.h"

#include <algorithm>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace firn {
namespace {

constexpr uint64_t kUMax = std::numeric_limits<uint64_t>::max();
constexpr int64_t kMin = std::numeric_limits<int64_t>::min();
constexpr int64_t kMax = std::numeric_limits<int64_t>::max();

std::string Varint(uint64_t v) {
  std::string out;
  AppendVarint(v, &out);
  return out;
}

TEST(Bytes, VarintsAreLeb128) {
  const std::pair<uint64_t, std::string> cases[] = {
      {0, std::string(1, '\0')},
      {1, "\x01"},
      {127, "\x7f"},
      {128, "\x80\x01"},
      {300, "\xac\x02"},
      {16383, "\xff\x7f"},
      {16384, "\x80\x80\x01"},
      {kUMax, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"}};
  for (const auto& [value, bytes] : cases) {
    EXPECT_EQ(Varint(value), bytes) << value;
    ByteReader in(bytes);
    EXPECT_EQ(in.Varint(), value);
    EXPECT_TRUE(in.ok() && in.AtEnd());
  }
}

TEST(Bytes, VarintsThatDoNotEndAreRefused) {
  for (const std::string& bytes : {std::string(), std::string("\x80"), std::string(9, '\xff'),
                                   std::string(10, '\x80') + '\x01', std::string(20, '\xff')}) {
    ByteReader in(bytes);
    EXPECT_EQ(in.Varint(), 0u);
    EXPECT_FALSE(in.ok());
    EXPECT_TRUE(in.AtEnd());
  }
}

TEST(Bytes, ZigZagKeepsSmallMagnitudesSmall) {
  const std::pair<int64_t, uint64_t> cases[] = {{0, 0},  {-1, 1},           {1, 2},
                                                {-2, 3}, {kMax, kUMax - 1}, {kMin, kUMax}};
  for (const auto& [value, zigzag] : cases) {
    EXPECT_EQ(ZigZag(value), zigzag) << value;
    EXPECT_EQ(UnZigZag(zigzag), value) << value;
  }
}

TEST(Bytes, FixedIsLittleEndianAndKeysAreBigEndian) {
  std::string out;
  AppendFixed<uint32_t>(0x01020304, &out);
  EXPECT_EQ(out, "\x04\x03\x02\x01");
  out.clear();
  AppendBigEndian64(0x0102030405060708, &out);
  EXPECT_EQ(out, "\x01\x02\x03\x04\x05\x06\x07\x08");
}

TEST(Bytes, KeysOrderAsTheirNumbers) {
  const std::vector<int64_t> ascending = {kMin, kMin + 1, -256, -255, -1, 0, 1, 255, 256, kMax};
  std::vector<std::string> keys;
  for (const int64_t value : ascending) {
    std::string key;
    AppendOrdered64(value, &key);
    EXPECT_EQ(ByteReader(key).Ordered64(), value);
    keys.push_back(std::move(key));
  }
  EXPECT_TRUE(std::is_sorted(keys.begin(), keys.end()));
}

TEST(Bytes, ReaderStopsAtTheEndAndStaysThere) {
  const std::string bytes = "abcdef";
  ByteReader in(bytes);
  EXPECT_EQ(in.Bytes(2), "ab");
  EXPECT_EQ(in.remaining(), 4u);
  EXPECT_EQ(in.rest(), "cdef");
  EXPECT_EQ(in.Fixed<uint64_t>(), 0u);
  EXPECT_FALSE(in.ok());
  // Nothing is read any more, not even what would have fitted.
  EXPECT_EQ(in.Fixed<uint8_t>(), 0u);
  EXPECT_EQ(in.Bytes(1), "");
  EXPECT_EQ(in.remaining(), 0u);
  EXPECT_FALSE(in.ok());
}

TEST(Bytes, LengthsBeyondTheEndAreRefused) {
  std::string bytes;
  AppendLengthPrefixed("text", &bytes);
  EXPECT_EQ(ByteReader(bytes).LengthPrefixed(), "text");
  for (const std::string& bad : {bytes.substr(0, 4), Varint(kUMax) + "x", Varint(2) + "x"}) {
    ByteReader in(bad);
    EXPECT_EQ(in.LengthPrefixed(), "");
    EXPECT_FALSE(in.ok());
  }
  std::string empty;
  AppendLengthPrefixed("", &empty);
  ByteReader in(empty);
  EXPECT_EQ(in.LengthPrefixed(), "");
  EXPECT_TRUE(in.ok() && in.AtEnd());
}

// A random record, whole and cut at every byte.
TEST(Bytes, RandomRecordsReadBackAndCutOnesFail) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 rng(seed);
  for (int round = 0; round < 300; ++round) {
    const uint64_t number = rng() >> (rng() % 64);
    const auto signed_number = static_cast<int64_t>(rng()) >> (rng() % 64);
    const auto fixed = static_cast<double>(rng());
    const std::string text(rng() % 200, 't');
    std::string bytes;
    AppendVarint(number, &bytes);
    AppendSignedVarint(signed_number, &bytes);
    AppendFixed(fixed, &bytes);
    AppendOrdered64(signed_number, &bytes);
    AppendLengthPrefixed(text, &bytes);
    AppendFixed<uint16_t>(7, &bytes);
    for (size_t n = bytes.size() + 1; n-- > 0;) {
      ByteReader in(std::string_view(bytes).substr(0, n));
      const bool equal = (in.Varint() == number) & (in.SignedVarint() == signed_number) &
                         (in.Fixed<double>() == fixed) & (in.Ordered64() == signed_number) &
                         (in.LengthPrefixed() == text) & (in.Fixed<uint16_t>() == 7);
      ASSERT_TRUE(in.AtEnd()) << n;
      ASSERT_EQ(in.ok(), n == bytes.size()) << n;
      ASSERT_TRUE(equal || n != bytes.size());
    }
  }
}

}  // namespace
}  // namespace firn
