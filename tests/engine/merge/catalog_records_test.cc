// Records of windows and tombstones survive coding, and no damage to them passes for another.
#include <gtest/gtest.h>

#include "base/bytes.h"
#include "engine/tier/merge/tombstone.h"
#include "engine/tier/window_record.h"

namespace firn::engine {
namespace {

WindowRecord Example() {
  WindowRecord record;
  record.id = {.tier = 0, .start = -3'600'000, .end = 10'800'000, .generation = 300};
  record.summary.series = 7;
  record.summary.float_samples = 1000;
  record.summary.histogram_samples = 10;
  record.summary.bytes = 4096;
  record.summary.min_t = -5;
  record.summary.max_t = 10'000'000;
  record.order = 299;
  record.tombstones = 4;
  record.disk_bytes = 2048;
  record.thinned = true;
  record.journal = {{-3'600'000, 0, 77}, {0, 1'800'000, 90}};
  return record;
}

TEST(WindowRecordTest, SurvivesCoding) {
  const WindowRecord record = Example();
  const auto decoded = DecodeWindowRecord(EncodeWindowRecord(record));
  ASSERT_TRUE(decoded.ok()) << decoded.status().ToString();
  EXPECT_EQ(decoded->id, record.id);
  EXPECT_EQ(decoded->summary, record.summary);
  EXPECT_EQ(decoded->order, record.order);
  EXPECT_EQ(decoded->tombstones, record.tombstones);
  EXPECT_EQ(decoded->disk_bytes, record.disk_bytes);
  EXPECT_EQ(decoded->thinned, record.thinned);
  EXPECT_EQ(decoded->journal, record.journal);
}

TEST(WindowRecordTest, ReadsTheFirstVersion) {
  std::string bytes;
  AppendFixed<uint8_t>(1, &bytes);
  AppendFixed<uint8_t>(0, &bytes);
  AppendFixed<TimestampMs>(1000, &bytes);
  AppendFixed<TimestampMs>(2000, &bytes);
  for (const uint64_t n : {3u, 5u, 60u, 2u, 800u}) AppendVarint(n, &bytes);
  AppendFixed<TimestampMs>(1001, &bytes);
  AppendFixed<TimestampMs>(1999, &bytes);
  AppendVarint(42, &bytes);
  const auto record = DecodeWindowRecord(bytes);
  ASSERT_TRUE(record.ok()) << record.status().ToString();
  EXPECT_EQ(record->id.generation, 3u);
  EXPECT_EQ(record->order, 3u);
  EXPECT_EQ(record->summary.float_samples, 60u);
  EXPECT_EQ(record->disk_bytes, 800u);
  EXPECT_EQ(record->journal, (std::vector<JournalCover>{{1000, 2000, 42}}));
  EXPECT_FALSE(record->thinned);
}

TEST(WindowRecordTest, RefusesCutAndUnknownRecords) {
  const std::string bytes = EncodeWindowRecord(Example());
  for (size_t n = 0; n < bytes.size(); ++n) {
    EXPECT_FALSE(DecodeWindowRecord(bytes.substr(0, n)).ok()) << n;
  }
  EXPECT_FALSE(DecodeWindowRecord(bytes + "x").ok());
  std::string newer = bytes;
  newer[0] = 3;
  const auto refused = DecodeWindowRecord(newer);
  EXPECT_EQ(refused.status().code(), StatusCode::kCorruption);
  EXPECT_NE(refused.status().message().find("version 3"), std::string_view::npos);
}

TEST(TombstoneTest, SurvivesCoding) {
  const Tombstone tombstone{.number = 9,
                            .matchers = {Matcher::Equal("__name__", "m\"x"),
                                         *Matcher::Create(MatchType::kNotRegex, "i", "a|b.*"),
                                         *Matcher::Create(MatchType::kNotEqual, "j", "")},
                            .range = {kMinTimestamp, 500}};
  const std::string bytes = EncodeTombstone(tombstone);
  const auto decoded = DecodeTombstone(bytes);
  ASSERT_TRUE(decoded.ok()) << decoded.status().ToString();
  EXPECT_EQ(decoded->number, 9u);
  EXPECT_EQ(decoded->range, tombstone.range);
  EXPECT_EQ(decoded->matchers, tombstone.matchers);
  for (size_t n = 0; n < bytes.size(); ++n) {
    EXPECT_FALSE(DecodeTombstone(bytes.substr(0, n)).ok()) << n;
  }
  EXPECT_FALSE(DecodeTombstone(bytes + "x").ok());
}

// Deleting everything because the record of what to delete is empty would be a pity.
TEST(TombstoneTest, RefusesARecordWithoutMatchers) {
  EXPECT_FALSE(DecodeTombstone(EncodeTombstone({.number = 1, .matchers = {}, .range = {}})).ok());
}

}  // namespace
}  // namespace firn::engine
