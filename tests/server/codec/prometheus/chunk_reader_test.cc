#include "server/codec/prometheus/chunk_reader.h"

#include <bit>
#include <cmath>
#include <random>

#include <gtest/gtest.h>

#include "server/codec/remote/bit_writer.h"
#include "server/codec/remote/chunk_writer.h"

namespace firn::server {
namespace {

constexpr auto kXor = static_cast<uint8_t>(StoredChunkType::kXor);
constexpr auto kInt = static_cast<uint8_t>(StoredChunkType::kHistogram);
constexpr auto kFloat = static_cast<uint8_t>(StoredChunkType::kFloatHistogram);

std::vector<uint64_t> Bits(const std::vector<double>& values) {
  std::vector<uint64_t> bits;
  for (const double v : values) bits.push_back(std::bit_cast<uint64_t>(v));
  return bits;
}

struct XorCase {
  std::string name;
  std::vector<TimestampMs> t;
  std::vector<double> v;
};

class XorChunkTest : public testing::TestWithParam<XorCase> {};

TEST_P(XorChunkTest, ReadsBackWhatWasWritten) {
  ChunkSamples out;
  ASSERT_TRUE(ReadChunk(kXor, EncodeXorChunk(GetParam().t, GetParam().v), &out).ok());
  EXPECT_EQ(out.t, GetParam().t);
  EXPECT_EQ(Bits(out.v), Bits(GetParam().v));
}

INSTANTIATE_TEST_SUITE_P(
    All, XorChunkTest,
    testing::Values(XorCase{"One", {-5}, {1.5}}, XorCase{"Constant", {1, 2, 3, 4}, {7, 7, 7, 7}},
                    XorCase{"EveryWidthOfTimes",
                            {0, 1, 2, 8194, 16385, 16386, 82000, 600'000, 600'001, 5'000'000'000,
                             5'000'000'001},
                            {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10}},
                    XorCase{"AllBitsChange",
                            {1, 2, 3},
                            {0, std::bit_cast<double>(~uint64_t{0}),
                             std::bit_cast<double>(uint64_t{1})}},
                    XorCase{"NotNumbers", {1, 2, 3, 4}, {NormalNan(), StaleNan(), INFINITY, -0.0}}),
    [](const auto& tested) { return tested.param.name; });

TEST(ChunkReaderTest, ReadsRandomFloats) {
  std::mt19937_64 random(7);
  for (int round = 0; round < 50; ++round) {
    std::vector<TimestampMs> t;
    std::vector<double> v;
    for (TimestampMs at = 0; t.size() < 120;) {
      at += 1 + static_cast<TimestampMs>(random() >> (40 + random() % 23));
      t.push_back(at);
      v.push_back(random() % 3 == 0 && !v.empty()
                      ? v.back()
                      : std::bit_cast<double>(random() << random() % 60));
    }
    ChunkSamples out;
    ASSERT_TRUE(ReadChunk(kXor, EncodeXorChunk(t, v), &out).ok());
    ASSERT_EQ(out.t, t);
    ASSERT_EQ(Bits(out.v), Bits(v));
  }
}

TEST(ChunkReaderTest, RefusesChunksThatAreCutShort) {
  const std::vector<TimestampMs> t = {100, 115, 131, 150};
  const std::vector<double> v = {1, 2.5, -3, 1e9};
  const std::string chunk = EncodeXorChunk(t, v);
  for (size_t size = 0; size + 1 < chunk.size(); ++size) {
    ChunkSamples out;
    EXPECT_EQ(ReadChunk(kXor, chunk.substr(0, size), &out).code(), StatusCode::kCorruption) << size;
  }
}

TEST(ChunkReaderTest, RefusesWhatItDoesNotKnow) {
  ChunkSamples out;
  EXPECT_EQ(ReadChunk(9, "\x00\x00", &out).code(), StatusCode::kCorruption);
  // 65,535 samples in four bytes.
  EXPECT_EQ(ReadChunk(kXor, "\xff\xff\x02\x00", &out).code(), StatusCode::kCorruption);
  EXPECT_TRUE(out.t.empty());
}

FloatHistogram SomeHistogram() {
  FloatHistogram h;
  h.schema = 2;
  h.zero_threshold = 0.0625;
  h.zero_count = 1;
  h.count = 14.5;
  h.sum = -3.25;
  h.positive_spans = {{-2, 2}, {3, 1}};
  h.positive_buckets = {3, 4, 5};
  h.negative_spans = {{7, 1}};
  h.negative_buckets = {1.5};
  return h;
}

TEST(ChunkReaderTest, ReadsFloatHistograms) {
  FloatHistogram custom;
  custom.schema = kCustomBucketsSchema;
  custom.custom_values = {0.005, 1.0 / 3, 1};
  custom.positive_spans = {{0, 4}};
  custom.positive_buckets = {1, 2, 3, 4};
  custom.count = 10;
  FloatHistogram odd_threshold = SomeHistogram();
  odd_threshold.zero_threshold = 0.3;
  for (const FloatHistogram& h : {SomeHistogram(), custom, odd_threshold}) {
    ChunkSamples out;
    ASSERT_TRUE(ReadChunk(kFloat, EncodeHistogramChunk(-77, h), &out).ok());
    ASSERT_EQ(out.ht, std::vector<TimestampMs>{-77});
    const FloatHistogram& read = *out.h[0];
    EXPECT_EQ(read.schema, h.schema);
    EXPECT_EQ(read.zero_threshold, h.zero_threshold);
    EXPECT_EQ(read.zero_count, h.zero_count);
    EXPECT_EQ(read.count, h.count);
    EXPECT_EQ(read.sum, h.sum);
    EXPECT_EQ(read.positive_spans, h.positive_spans);
    EXPECT_EQ(read.positive_buckets, h.positive_buckets);
    EXPECT_EQ(read.negative_buckets, h.negative_buckets);
    EXPECT_EQ(read.custom_values, h.custom_values);
  }
}

// Numbers of a few bits as chunks of whole numbers have them.
void Small(BitWriter* out, int v) {
  if (v == 0) return out->Bit(false);
  out->Bits(0b10, 2);
  out->Bits(static_cast<uint64_t>(v) & 7, 3);
}

TEST(ChunkReaderTest, ReadsDifferencesOfWholeHistograms) {
  std::string chunk("\x00\x03\xc0", 3);  // Three gauge histograms.
  BitWriter bits(&chunk);
  bits.Bits(0, 8);  // Zero threshold 0,
  Small(&bits, 0);  // schema 0,
  Small(&bits, 1);  // one positive span:
  Small(&bits, 2);  // two buckets
  Small(&bits, 1);  // from 1 on,
  Small(&bits, 0);  // and none negative.
  const auto sample = [&](std::vector<int> fields, bool first) {
    for (size_t i = 0; i < 3; ++i) Small(&bits, fields[i]);  // Time, count, zero count.
    if (first) {
      bits.Bits(std::bit_cast<uint64_t>(2.0), 64);
    } else {
      bits.Bit(false);  // The same sum.
    }
    Small(&bits, fields[3]);
    Small(&bits, fields[4]);
  };
  sample({4, 3, 0, 2, -1}, true);    // t 4, buckets 2 and 1.
  sample({2, 1, 0, 1, 0}, false);    // t 6, count 4, buckets 3 and 2.
  sample({1, -1, 0, -1, 1}, false);  // t 9: the steps grow by 1, -1, ...
  ChunkSamples out;
  const Status status = ReadChunk(kInt, chunk, &out);
  ASSERT_TRUE(status.ok()) << status.ToString();
  EXPECT_EQ(out.ht, (std::vector<TimestampMs>{4, 6, 9}));
  EXPECT_EQ(out.h[0]->positive_buckets, (std::vector<double>{2, 1}));
  EXPECT_EQ(out.h[1]->positive_buckets, (std::vector<double>{3, 2}));
  EXPECT_EQ(out.h[1]->count, 4);
  EXPECT_EQ(out.h[2]->positive_buckets, (std::vector<double>{3, 3}));
  EXPECT_EQ(out.h[2]->counter_reset_hint, CounterResetHint::kGauge);
  for (size_t size = 0; size + 1 < chunk.size(); ++size) {
    EXPECT_FALSE(ReadChunk(kInt, chunk.substr(0, size), &out).ok()) << size;
  }
}

TEST(ChunkReaderTest, RefusesMoreBucketsThanBytes) {
  std::string chunk("\x00\x01\x00", 3);
  BitWriter bits(&chunk);
  bits.Bits(0, 8);
  Small(&bits, 0);
  Small(&bits, 1);
  bits.Bits(0b11111110, 8);          // A number of 25 ... of 56 bits,
  bits.Bits(uint64_t{1} << 31, 56);  // two milliards of buckets.
  Small(&bits, 0);
  ChunkSamples out;
  EXPECT_EQ(ReadChunk(kFloat, chunk, &out).code(), StatusCode::kCorruption);
}

}  // namespace
}  // namespace firn::server
