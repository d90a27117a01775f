#include "storage/encoding/gorilla.h"

#include <bit>
#include <cmath>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace firn::storage {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();

struct Column {
  std::vector<TimestampMs> t;
  std::vector<double> v;
};

std::vector<uint64_t> Bits(const std::vector<double>& v) {
  std::vector<uint64_t> bits;
  for (const double x : v) bits.push_back(std::bit_cast<uint64_t>(x));
  return bits;
}

void ExpectRoundTrip(const Column& want) {
  GorillaAppender chunk;
  for (size_t i = 0; i < want.t.size(); ++i) chunk.Append(want.t[i], want.v[i]);
  ASSERT_EQ(chunk.count(), want.t.size());
  // From a copy of exact size, so that the sanitizer sees a load beyond it.
  const std::vector<char> bytes(chunk.bytes().begin(), chunk.bytes().end());
  Column got;
  const Status status = GorillaDecode({bytes.data(), bytes.size()}, &got.t, &got.v);
  ASSERT_TRUE(status.ok()) << status.ToString();
  EXPECT_EQ(got.t, want.t);
  EXPECT_EQ(Bits(got.v), Bits(want.v));
}

TEST(Gorilla, IsEmptyWithoutSamples) {
  const GorillaAppender chunk;
  EXPECT_EQ(chunk.bytes(), "");
  ExpectRoundTrip({});
}

TEST(Gorilla, KeepsEveryBitOfSpecialValues) {
  const std::vector<double> values = {0.0,
                                      -0.0,
                                      1,
                                      kInf,
                                      -kInf,
                                      StaleNan(),
                                      NormalNan(),
                                      std::nan("0x1234"),
                                      std::numeric_limits<double>::denorm_min(),
                                      std::numeric_limits<double>::max(),
                                      -1e-300};
  Column column;
  for (const double a : values) {
    for (const double b : values) {
      for (const double v : {a, b}) {
        column.t.push_back(static_cast<TimestampMs>(column.t.size()) * 15'000);
        column.v.push_back(v);
      }
    }
  }
  ExpectRoundTrip(column);
}

TEST(Gorilla, KeepsTimesOfAnySize) {
  ExpectRoundTrip({{kMinTimestamp, -1, 0, 1, 1'000'000'000'000, kMaxTimestamp - 1, kMaxTimestamp},
                   {1, 2, 3, 4, 5, 6, 7}});
  ExpectRoundTrip({{kMinTimestamp, kMaxTimestamp}, {1, 1}});
}

TEST(Gorilla, KeepsTimesAroundEverySizeClass) {
  for (int bit = 1; bit < 62; ++bit) {
    for (const int64_t off : {-1, 0, 1}) {
      const int64_t jump = (int64_t{1} << bit) + off;
      if (jump < 1) continue;
      ExpectRoundTrip({{-5, 0, jump, jump + 1, jump + 2}, {0, 0, 0, 1, 1}});
    }
  }
}

TEST(Gorilla, ReadsWhileTheChunkGrows) {
  std::mt19937_64 rng(1);
  GorillaAppender chunk;
  Column want;
  for (int i = 0; i < 300; ++i) {
    want.t.push_back(i * 1000 + static_cast<int>(rng() % 3));
    want.v.push_back(rng() % 2 == 0 ? i : std::sqrt(i));
    chunk.Append(want.t.back(), want.v.back());
    EXPECT_EQ(chunk.last_t(), want.t.back());
    EXPECT_EQ(chunk.last_v(), want.v.back());
    Column got;
    ASSERT_TRUE(GorillaDecode(chunk.bytes(), &got.t, &got.v).ok());
    ASSERT_EQ(got.t, want.t);
    ASSERT_EQ(got.v, want.v);
  }
}

TEST(Gorilla, GivesAwayItsBytesAndIsEmpty) {
  GorillaAppender chunk;
  for (int round = 0; round < 3; ++round) {
    EXPECT_EQ(chunk.Take(), nullptr);
    Column want;
    for (int i = 0; i < 40 * round + 1; ++i) {
      want.t.push_back(i * 1000);
      want.v.push_back(std::sqrt(i));
      chunk.Append(want.t.back(), want.v.back());
    }
    const size_t size = chunk.bytes().size();
    const GorillaBytes bytes = chunk.Take();
    Column got;
    ASSERT_TRUE(GorillaDecode({bytes.get(), size}, &got.t, &got.v).ok());
    EXPECT_EQ(got.t, want.t);
    EXPECT_EQ(got.v, want.v);
    EXPECT_TRUE(chunk.empty());
    EXPECT_EQ(chunk.allocated_bytes(), 0u);
  }
}

TEST(Gorilla, RoundTripsRandomColumns) {
  std::mt19937_64 rng(20);
  for (int round = 0; round < 2000; ++round) {
    Column column;
    TimestampMs t = static_cast<TimestampMs>(rng()) / 4;
    uint64_t bits = rng();
    const int value_kind = static_cast<int>(rng() % 5);
    const int time_kind = static_cast<int>(rng() % 3);
    const size_t n = rng() % 400;
    for (size_t i = 0; i < n; ++i) {
      t += time_kind == 0
               ? 15'000
               : 1 + static_cast<TimestampMs>(rng() >> (time_kind == 1 ? 50 : 8 + rng() % 56));
      if (value_kind == 1) bits = std::bit_cast<uint64_t>(static_cast<double>(i * 7));
      if (value_kind == 2) bits = rng();
      if (value_kind == 3 && rng() % 8 == 0) bits ^= uint64_t{1} << rng() % 64;
      if (value_kind == 4) bits ^= (rng() >> rng() % 64) << rng() % 64;
      column.t.push_back(t);
      column.v.push_back(std::bit_cast<double>(bits));
    }
    ASSERT_NO_FATAL_FAILURE(ExpectRoundTrip(column)) << "round " << round;
  }
}

TEST(Gorilla, AppendsToWhatTheVectorsHold) {
  GorillaAppender chunk;
  chunk.Append(5, 1);
  Column got{{1}, {2}};
  ASSERT_TRUE(GorillaDecode(chunk.bytes(), &got.t, &got.v).ok());
  EXPECT_EQ(got.t, (std::vector<TimestampMs>{1, 5}));
}

TEST(Gorilla, ReturnsCorruptionForCutAndChangedBytes) {
  std::mt19937_64 rng(3);
  GorillaAppender chunk;
  for (int i = 0; i < 100; ++i) chunk.Append(i * 15'000 + static_cast<int>(rng() % 2), std::sin(i));
  const std::string whole(chunk.bytes());
  for (size_t size = 1; size < 17; ++size) {
    Column got;
    EXPECT_EQ(GorillaDecode(whole.substr(0, size), &got.t, &got.v).code(), StatusCode::kCorruption);
  }
  for (int round = 0; round < 20'000; ++round) {
    std::string bytes = whole.substr(0, 1 + rng() % whole.size());
    for (int flips = static_cast<int>(rng() % 3); flips >= 0; --flips) {
      bytes[rng() % bytes.size()] = static_cast<char>(rng());
    }
    const std::vector<char> exact(bytes.begin(), bytes.end());
    Column got{{7}, {7}};
    const Status status = GorillaDecode({exact.data(), exact.size()}, &got.t, &got.v);
    ASSERT_EQ(got.t.size(), got.v.size());
    if (!status.ok()) {
      ASSERT_EQ(status.code(), StatusCode::kCorruption);
      ASSERT_EQ(got.t.size(), 1u);
    }
  }
}

TEST(Gorilla, RefusesTimesThatStandStill) {
  std::string bytes(16, '\0');
  bytes.push_back(0b100);  // One sample of two zero bits after the first: delta 0.
  Column got;
  EXPECT_EQ(GorillaDecode(bytes, &got.t, &got.v).code(), StatusCode::kCorruption);
}

TEST(Gorilla, SteadySeriesCostTwoBitsPerSample) {
  GorillaAppender chunk;
  for (int i = 0; i < 120; ++i) chunk.Append(1'700'000'000'000 + i * 15'000, 1);
  EXPECT_LE(chunk.bytes().size(), 52u);
  EXPECT_LE(chunk.allocated_bytes(), 80u);
}

TEST(Gorilla, MovesItsBuffer) {
  GorillaAppender a;
  a.Append(1, 1);
  GorillaAppender b(std::move(a));
  b.Append(2, 2);
  a = std::move(b);
  EXPECT_EQ(a.count(), 2u);
  EXPECT_EQ(a.last_t(), 2);
}

}  // namespace
}  // namespace firn::storage
