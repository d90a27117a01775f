#include <gtest/gtest.h>

#include "server/codec/prometheus/block_files.h"
#include "server/codec/prometheus/block_index.h"
#include "tests/server/codec/prometheus/files.h"

namespace firn::server {
namespace {

const std::vector<std::string>& Symbols() {
  static const auto* const kSymbols =
      new std::vector<std::string>{"", "__name__", "a", "b", "instance", "up"};
  return *kSymbols;
}

std::string SomeIndex() {
  return EncodeIndex(Symbols(), {{{1, 5, 4, 2}, {{-10, 20, 8}, {25, 40, 90}}},
                                 {{1, 5, 4, 3}, {{0, 5, uint64_t{1} << 32 | 8}}},
                                 {{1, 5}, {}}});
}

std::vector<BlockSeries> ReadAll(const BlockIndex& index) {
  std::vector<BlockSeries> all;
  BlockIndex::Cursor cursor(&index);
  BlockSeries series;
  while (true) {
    const auto found = cursor.Next(&series);
    if (!found.ok()) ADD_FAILURE() << found.status().ToString();
    if (!found.ok() || !*found) break;
    all.push_back(series);
  }
  EXPECT_EQ(cursor.position(), cursor.size());
  return all;
}

TEST(BlockIndexTest, WalksSeriesWithTheirChunks) {
  const std::string bytes = SomeIndex();
  const auto index = BlockIndex::Open(bytes);
  ASSERT_TRUE(index.ok()) << index.status().ToString();
  const std::vector<BlockSeries> all = ReadAll(*index);
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(all[0].labels, (std::vector<LabelView>{{"__name__", "up"}, {"instance", "a"}}));
  ASSERT_EQ(all[0].chunks.size(), 2u);
  EXPECT_EQ(all[0].chunks[1].range, (TimeRange{25, 40}));
  EXPECT_EQ(all[0].chunks[1].ref, 90u);
  EXPECT_EQ(all[1].chunks[0].ref >> 32, 1u);
  EXPECT_GT(all[1].ref, all[0].ref);
  EXPECT_TRUE(all[2].chunks.empty());
}

TEST(BlockIndexTest, GoesOnAtAPositionOfAnEarlierWalk) {
  const std::string bytes = SomeIndex();
  const auto index = BlockIndex::Open(bytes);
  ASSERT_TRUE(index.ok());
  BlockSeries series;
  BlockIndex::Cursor first(&*index);
  ASSERT_TRUE(*first.Next(&series));
  BlockIndex::Cursor second(&*index);
  second.Seek(first.position());
  ASSERT_TRUE(*second.Next(&series));
  EXPECT_EQ(series.labels[1].value, "b");
}

TEST(BlockIndexTest, EveryChangedByteThatMattersIsFound) {
  const std::string bytes = SomeIndex();
  const auto expected = ReadAll(*BlockIndex::Open(bytes));
  for (size_t i = 0; i < bytes.size(); ++i) {
    std::string changed = bytes;
    changed[i] = static_cast<char>(changed[i] ^ 0x10);
    const auto index = BlockIndex::Open(changed);
    if (!index.ok()) continue;
    BlockIndex::Cursor cursor(&*index);
    BlockSeries series;
    size_t n = 0;
    for (auto found = cursor.Next(&series); found.ok() && *found; found = cursor.Next(&series)) {
      EXPECT_EQ(series.labels, expected[n++].labels) << "byte " << i;
    }
  }
}

TEST(BlockIndexTest, RefusesWhatIsCutShort) {
  const std::string bytes = SomeIndex();
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(BlockIndex::Open(std::string_view(bytes).substr(0, size)).ok()) << size;
  }
  EXPECT_FALSE(BlockIndex::Open("").ok());
}

TEST(BlockIndexTest, RefusesSymbolsThatAreNotThere) {
  const std::string bytes = EncodeIndex(Symbols(), {{{1, 77}, {}}});
  const auto index = BlockIndex::Open(bytes);
  ASSERT_TRUE(index.ok());
  BlockIndex::Cursor cursor(&*index);
  BlockSeries series;
  EXPECT_EQ(cursor.Next(&series).status().code(), StatusCode::kCorruption);
  EXPECT_FALSE(*cursor.Next(&series));
}

TEST(BlockFilesTest, FindsChunksThatVerify) {
  std::string segment("\x85\xbd\x40\xdd\x01\x00\x00\x00", 8);
  const auto offset = static_cast<uint32_t>(segment.size());
  AppendVarint(3, &segment);
  segment += WithChecksum("\x01xyz");
  ASSERT_TRUE(CheckSegment(segment).ok());
  const auto chunk = FindChunk(segment, offset);
  ASSERT_TRUE(chunk.ok()) << chunk.status().ToString();
  EXPECT_EQ(chunk->type, 1);
  EXPECT_EQ(chunk->data, "xyz");
  for (const uint32_t wrong : {0u, 7u, offset + 1, offset + 100, ~0u}) {
    EXPECT_FALSE(FindChunk(segment, wrong).ok()) << wrong;
  }
  segment[offset + 2] = 'X';
  EXPECT_EQ(FindChunk(segment, offset).status().code(), StatusCode::kCorruption);
  EXPECT_FALSE(CheckSegment("\x85\xbd").ok());
}

TEST(BlockFilesTest, ReadsTombstones) {
  std::string stones;
  AppendVarint(17, &stones);
  AppendSignedVarint(-5, &stones);
  AppendSignedVarint(1000, &stones);
  const std::string file = std::string("\x01\x30\xba\x30\x01", 5) + WithChecksum(stones);
  const auto read = ReadTombstones(file);
  ASSERT_TRUE(read.ok()) << read.status().ToString();
  ASSERT_EQ(read->size(), 1u);
  EXPECT_EQ((*read)[0].series, 17u);
  EXPECT_EQ((*read)[0].range, (TimeRange{-5, 1000}));
  for (size_t size = 0; size < file.size(); ++size) {
    EXPECT_FALSE(ReadTombstones(std::string_view(file).substr(0, size)).ok()) << size;
  }
}

TEST(BlockFilesTest, ReadsMeta) {
  const auto meta = ReadBlockMeta(
      R"({"ulid":"01","minTime":5,"maxTime":9,"stats":{"numSamples":7,"numSeries":2},"version":1})");
  ASSERT_TRUE(meta.ok());
  EXPECT_EQ(meta->ulid, "01");
  EXPECT_EQ(meta->range, (TimeRange{5, 9}));
  EXPECT_EQ(meta->samples, 7u);
  EXPECT_FALSE(ReadBlockMeta(R"({"ulid":"01","minTime":5,"maxTime":9,"version":2})").ok());
  EXPECT_FALSE(ReadBlockMeta(R"({"version":1})").ok());
  EXPECT_FALSE(ReadBlockMeta("{").ok());
}

}  // namespace
}  // namespace firn::server
