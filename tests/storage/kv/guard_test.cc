#include "storage/kv/guard.h"

#include <gtest/gtest.h>

namespace firn::storage {
namespace {

GuardState Example(uint64_t generation) {
  return {.generation = generation,
          .clean = true,
          .sequence = 123456789,
          .lost_total = 3,
          .manifest_number = 17,
          .manifest_bytes = 4096,
          .manifest_hash = 0xfeedfacecafebeef,
          .table_count = 4,
          .tables = {3, 9, 200, 100000}};
}

TEST(GuardTest, SlotComesBackAsItWas) {
  const std::string slot = EncodeGuardSlot(Example(7));
  ASSERT_EQ(slot.size(), kGuardSlotBytes);
  const Result<GuardState> state = DecodeGuardSlot(slot);
  ASSERT_TRUE(state.ok()) << state.status().ToString();
  EXPECT_EQ(*state, Example(7));
}

TEST(GuardTest, ListsAsManyTablesAsFitAndCountsAll) {
  GuardState many = Example(1);
  many.tables.clear();
  for (uint64_t i = 0; i < 10'000; ++i) many.tables.push_back(1000 + 3 * i);
  many.table_count = many.tables.size();
  const Result<GuardState> state = DecodeGuardSlot(EncodeGuardSlot(many));
  ASSERT_TRUE(state.ok()) << state.status().ToString();
  EXPECT_EQ(state->table_count, 10'000u);
  EXPECT_GT(state->tables.size(), 3'000u);
  EXPECT_EQ(state->tables.back(), 1000 + 3 * (state->tables.size() - 1));
}

TEST(GuardTest, EveryFlippedBitIsNoticed) {
  const std::string slot = EncodeGuardSlot(Example(7));
  for (size_t bit = 0; bit < 8 * slot.size(); ++bit) {
    std::string damaged = slot;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << bit % 8));
    ASSERT_EQ(DecodeGuardSlot(damaged).status().code(), StatusCode::kCorruption) << bit;
  }
}

TEST(GuardTest, TheNewestValidSlotCounts) {
  const std::string old_slot = EncodeGuardSlot(Example(7));
  const std::string new_slot = EncodeGuardSlot(Example(8));
  EXPECT_EQ(DecodeGuardFile(new_slot + old_slot)->generation, 8u);
  EXPECT_EQ(DecodeGuardFile(old_slot + new_slot)->generation, 8u);
  std::string torn = new_slot;
  torn.replace(2000, 2096, old_slot.substr(2000));
  torn[2100] ^= 1;
  EXPECT_EQ(DecodeGuardFile(torn + old_slot)->generation, 7u);
  EXPECT_EQ(DecodeGuardFile(torn + torn).status().code(), StatusCode::kCorruption);
  EXPECT_EQ(DecodeGuardFile("").status().code(), StatusCode::kCorruption);
  EXPECT_EQ(DecodeGuardFile(old_slot.substr(1)).status().code(), StatusCode::kCorruption);
}

TEST(GuardTest, PrefixHashDoesNotDependOnThePieces) {
  std::string bytes(200'000, '\0');
  for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * i >> 3);
  PrefixHasher whole;
  whole.Add(bytes);
  PrefixHasher pieces;
  for (size_t at = 0; at < bytes.size(); at += 777) {
    pieces.Add(std::string_view(bytes).substr(at, 777));
  }
  EXPECT_EQ(pieces.Hash(), whole.Hash());
  EXPECT_EQ(pieces.bytes(), bytes.size());
  PrefixHasher shorter;
  shorter.Add(std::string_view(bytes).substr(0, bytes.size() - 1));
  EXPECT_NE(shorter.Hash(), whole.Hash());
  bytes[70'000] ^= 4;
  PrefixHasher other;
  other.Add(bytes);
  EXPECT_NE(other.Hash(), whole.Hash());
}

}  // namespace
}  // namespace firn::storage
