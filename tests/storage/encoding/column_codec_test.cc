#include "storage/encoding/column_codec.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <functional>
#include <limits>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/sample.h"
#include "storage/encoding/bit_packing.h"
#include "storage/encoding/float_mapping.h"
#include "storage/encoding/int_column.h"

namespace firn::storage {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr int64_t kMin = std::numeric_limits<int64_t>::min();
constexpr int64_t kMax = std::numeric_limits<int64_t>::max();

std::vector<uint64_t> Bits(const std::vector<double>& v) {
  std::vector<uint64_t> bits(v.size());
  if (!v.empty()) std::memcpy(bits.data(), v.data(), v.size() * sizeof(double));
  return bits;
}

// Encodes, decodes from a buffer of exact size and with bytes behind, and returns the bytes.
std::string RoundTripFloats(const std::vector<double>& values) {
  std::string bytes;
  EncodeFloats(values, &bytes);
  for (const size_t behind : {0, 200}) {
    const std::string padded = bytes + std::string(behind, '\x55');
    const std::vector<char> exact(padded.begin(), padded.end());
    std::string_view in(exact.data(), exact.size());
    std::vector<double> got(values.size());
    const Status status = DecodeFloats(&in, values.size(), got.data());
    EXPECT_TRUE(status.ok()) << status.ToString();
    EXPECT_EQ(in.size(), behind);
    EXPECT_EQ(Bits(got), Bits(values));
  }
  FloatBlockInfo info;
  EXPECT_TRUE(PeekFloats(bytes, values.size(), &info).ok());
  EXPECT_GE(info.has_ends, info.constant);
  if (info.has_ends) {
    EXPECT_EQ(Bits({values.front(), values.back()}), Bits({info.first, info.last}));
  }
  if (info.constant) {
    EXPECT_EQ(Bits(values), Bits(std::vector<double>(values.size(), info.first)));
  }
  bool monotone = !values.empty() && !std::isnan(values[0]) && values.size() <= kColumnBlockMax;
  for (size_t i = 1; i < values.size(); ++i) monotone &= values[i] >= values[i - 1];
  EXPECT_EQ(info.monotone, monotone);
  return bytes;
}

std::string RoundTripInts(const std::vector<int64_t>& values) {
  std::string bytes;
  EncodeInts(values, &bytes);
  for (const size_t behind : {0, 200}) {
    const std::string padded = bytes + std::string(behind, '\x55');
    const std::vector<char> exact(padded.begin(), padded.end());
    std::string_view in(exact.data(), exact.size());
    std::vector<int64_t> got(values.size());
    const Status status = DecodeInts(&in, values.size(), got.data());
    EXPECT_TRUE(status.ok()) << status.ToString();
    EXPECT_EQ(in.size(), behind);
    EXPECT_EQ(got, values);
  }
  return bytes;
}

std::vector<int64_t> Ints(size_t n, const std::function<int64_t(int64_t)>& f) {
  std::vector<int64_t> values;
  for (size_t i = 0; i < n; ++i) values.push_back(f(static_cast<int64_t>(i)));
  return values;
}
std::vector<double> Floats(size_t n, const std::function<double(int)>& f) {
  std::vector<double> values;
  for (size_t i = 0; i < n; ++i) values.push_back(f(static_cast<int>(i)));
  return values;
}

struct IntCase {
  std::string name;
  std::function<int64_t(int64_t)> f;
  IntMode mode;
  size_t bytes_max;  // For 240 values.
};
class IntModeTest : public testing::TestWithParam<IntCase> {};

TEST_P(IntModeTest, IsChosenAndRoundTrips) {
  const std::string bytes = RoundTripInts(Ints(240, GetParam().f));
  EXPECT_EQ(IntBlockMode(bytes), GetParam().mode);
  EXPECT_LE(bytes.size(), GetParam().bytes_max);
}

int64_t Noise(int64_t i) {  // 0..1023, without memory.
  uint64_t x = static_cast<uint64_t>(i + 1) * 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 31)) * 0xbf58476d1ce4e5b9;
  return static_cast<int64_t>((x ^ (x >> 29)) * 0x94d049bb133111eb >> 54);
}
int64_t Walk(int64_t i) {
  int64_t sum = 0;
  for (int64_t k = 0; k < i; ++k) sum += Noise(k) % 15 - 7;
  return sum;
}

INSTANTIATE_TEST_SUITE_P(
    All, IntModeTest,
    testing::Values(
        IntCase{"Constant", [](int64_t) { return 5; }, IntMode::kConstant, 2},
        IntCase{"ConstantDelta", [](int64_t i) { return 15000 * i - 3; }, IntMode::kConstantDelta,
                5},
        IntCase{"Frame", [](int64_t i) { return 1'000'000 + Noise(i) % 64; }, IntMode::kFrame, 190},
        IntCase{"FrameOfMultiples", [](int64_t i) { return 4096 * (Noise(i) % 64); },
                IntMode::kFrame, 190},
        IntCase{"FrameWithOutliers", [](int64_t i) { return i % 60 == 9 ? i << 40 : Noise(i) % 8; },
                IntMode::kFrame, 150},
        IntCase{"Delta", Walk, IntMode::kDelta, 130},
        IntCase{"DeltaFrame", [](int64_t i) { return 100'000 * i * (i + 1) + Walk(i) * 100; },
                IntMode::kDeltaDelta, 400},
        IntCase{"Counter", [](int64_t i) { return 1000 * i + 8 * Walk(i); }, IntMode::kDeltaFrame,
                140},
        IntCase{"Line", [](int64_t i) { return 15000 * i + Noise(i) % 4; }, IntMode::kLine, 70},
        IntCase{"Sparse", [](int64_t i) { return i / 50 * 1000; }, IntMode::kSparse, 15},
        IntCase{"SparseBitmap", [](int64_t i) { return Noise(i / 7) / 2; }, IntMode::kSparse, 85},
        IntCase{"Dictionary", [](int64_t i) { return Noise(Noise(i) % 4) << 40; },
                IntMode::kDictionary, 90}),
    [](const auto& tested) { return tested.param.name; });

TEST(IntColumn, KeepsExtremes) {
  RoundTripInts({});
  RoundTripInts({kMin});
  RoundTripInts({kMin, kMax});
  RoundTripInts({kMax, kMin, kMax, 0, kMin, -1, 1});
  RoundTripInts({0, kMin, 0, kMin, 0});
  RoundTripInts({kMin, 0, kMin, 0, kMin / 2, 0});
  RoundTripInts(Ints(300, [](int64_t i) { return i % 2 == 0 ? kMin + i : kMax - i; }));
}

TEST(IntColumn, SplitsLongColumns) {
  for (const size_t n : {1023, 1024, 1025, 2048, 5760}) {
    RoundTripInts(Ints(n, Walk));
  }
}

TEST(IntColumn, ClockWithJitterCostsALittle) {
  const std::string bytes = RoundTripInts(
      Ints(480, [](int64_t i) { return 1'700'000'000'000 + 15000 * i + Noise(i) % 8; }));
  EXPECT_LE(bytes.size(), 480 * 3 / 8 + 16);
}

TEST(FloatColumn, KeepsEveryBitOfSpecialValues) {
  const std::vector<double> special = {
      0.0,        -0.0,       kInf,
      -kInf,      StaleNan(), NormalNan(),
      0x1p51,     -0x1p51,    0x1p51 - 1,
      0x1p53 + 2, 1e300,      std::numeric_limits<double>::denorm_min(),
      0.1,        1.0 / 3,    std::nan("0x7777")};
  for (const double a : special) {
    RoundTripFloats({a});
    RoundTripFloats(std::vector<double>(100, a));
    for (const double b : special) {
      RoundTripFloats({a, b});
      RoundTripFloats(Floats(100, [&](int i) { return i == 40 ? a : b; }));
      RoundTripFloats(Floats(100, [&](int i) { return i % 2 == 0 ? a : b; }));
      RoundTripFloats(Floats(100, [&](int i) { return i == 0 || i == 99 ? a : i * 0.25; }));
    }
  }
  RoundTripFloats(special);
}

struct FloatCase {
  std::string name;
  std::function<double(int)> f;
  Mapping mapping;
  size_t bytes_max;  // For 120 values.
};
class MappingTest : public testing::TestWithParam<FloatCase> {};

TEST_P(MappingTest, IsChosenAndRoundTrips) {
  const std::string bytes = RoundTripFloats(Floats(120, GetParam().f));
  EXPECT_EQ(static_cast<Mapping>(bytes[0] & 7), GetParam().mapping);
  EXPECT_LE(bytes.size(), GetParam().bytes_max);
}

double SumOfDecimals(int i) {
  double sum = 0;
  for (int k = 0; k < i; ++k) sum += static_cast<double>(Noise(k)) / 1e6;
  return sum;
}

constexpr double kRateFactor = 300.0 / 285 / 300;
double Rate(int i) { return static_cast<double>(5000 + Noise(i)) * kRateFactor; }

INSTANTIATE_TEST_SUITE_P(
    All, MappingTest,
    testing::Values(
        FloatCase{"Integers",
                  [](int i) { return 1e6 + 10 * i + static_cast<double>(Noise(i) % 8); },
                  Mapping::kInteger, 60},
        FloatCase{"IntegersWithStaleMarks",
                  [](int i) { return i > 115 ? StaleNan() : static_cast<double>(Walk(i)); },
                  Mapping::kInteger, 90},
        FloatCase{"Percent", [](int i) { return static_cast<double>(Noise(i) % 100) / 100; },
                  Mapping::kQuotient, 112},
        FloatCase{"Milliseconds", [](int i) { return static_cast<double>(1000 + Noise(i)) / 1000; },
                  Mapping::kQuotient, 160},
        FloatCase{"Multiplied", [](int i) { return static_cast<double>(3001 + 7 * i * i) * 0.001; },
                  Mapping::kProduct, 60},
        FloatCase{"Accumulated", SumOfDecimals, Mapping::kQuotientUlp, 300},
        FloatCase{"Irrational", [](int i) { return std::sqrt(i + 2); }, Mapping::kBits, 900},
        FloatCase{"Rates", Rate, Mapping::kScaled, 170},
        FloatCase{"RatesWithStaleMarks", [](int i) { return i % 50 == 7 ? StaleNan() : Rate(i); },
                  Mapping::kScaled, 200},
        FloatCase{"Ratios", [](int i) { return static_cast<double>(Walk(i)) / 7919; },
                  Mapping::kScaled, 90},
        FloatCase{"SumsOfRates", [](int i) { return Rate(i) + Rate(i + 120) + Rate(i + 240); },
                  Mapping::kScaled, 260},
        FloatCase{"Reals",
                  [](int i) {
                    const double x = (static_cast<double>(Noise(i)) - 511.5) / 512 + i * 1e-9;
                    return x * x * x;
                  },
                  Mapping::kSplit, 890}),
    [](const auto& tested) { return tested.param.name; });

TEST(FloatColumn, ConstantsCostLittle) {
  for (const double v : {0.0, 1.0, 27.0}) {
    EXPECT_EQ(RoundTripFloats(std::vector<double>(120, v)).size(), 1u);
  }
  EXPECT_LE(RoundTripFloats(std::vector<double>(120, 1'234'567)).size(), 5u);
  EXPECT_LE(RoundTripFloats(std::vector<double>(120, 0.95)).size(), 4u);
  EXPECT_EQ(RoundTripFloats(std::vector<double>(120, NormalNan())).size(), 9u);
}

// The head byte says more than the mapping: nothing may be taken for what it is not.
TEST(FloatColumn, RefusesHeadsThatNoWriterWrites) {
  const auto decodes = [](const std::string& bytes) {
    std::vector<double> got(120);
    std::string_view in = bytes;
    return DecodeFloats(&in, 120, got.data()).ok();
  };
  std::string rates;
  EncodeFloats(Floats(120, Rate), &rates);
  ASSERT_TRUE(decodes(rates));
  for (const double scale : {0.0, -0.0, kInf, -kInf, NormalNan()}) {
    std::string bytes = rates;
    std::memcpy(bytes.data() + 1, &scale, sizeof(scale));
    EXPECT_FALSE(decodes(bytes)) << scale;
  }
  // Units in the last place belong to one mapping, ends to blocks that have them, the last bit to
  // none.
  const std::vector<std::function<double(int)>> shapes = {
      [](int i) { return static_cast<double>(Noise(i)); },
      [](int i) { return static_cast<double>(Noise(i)) / 1000; },
      [](int i) { return static_cast<double>(3001 + 7 * i * i) * 0.001; },
      SumOfDecimals,
      [](int i) { return std::sqrt(i + 2); },
      [](int i) { return std::sin(i) * std::exp(std::cos(i)); }};
  for (const auto& shape : shapes) {
    std::string bytes;
    EncodeFloats(Floats(120, shape), &bytes);
    ASSERT_TRUE(decodes(bytes));
    ASSERT_NE(static_cast<Mapping>(bytes[0] & 7), Mapping::kScaled);
    for (const int bit : {0x20, 0x40, 0x80}) {
      if ((bytes[0] & bit) != 0) continue;
      std::string changed = bytes;
      changed[0] = static_cast<char>(changed[0] | bit);
      EXPECT_FALSE(decodes(changed)) << static_cast<int>(bytes[0]) << " with " << bit;
    }
  }
}

TEST(FloatColumn, RefusesRulesThatAreCutShort) {
  const std::vector<std::function<double(int)>> shapes = {
      Rate, [](int i) { return i == 9 ? kInf : Rate(i); },
      [](int i) { return Rate(i) + Rate(i + 60) + Rate(i + 120); }};
  for (const auto& shape : shapes) {
    std::string bytes;
    EncodeFloats(Floats(60, shape), &bytes);
    ASSERT_EQ(static_cast<Mapping>(bytes[0] & 7), Mapping::kScaled);
    for (size_t size = 0; size < bytes.size(); ++size) {
      const std::vector<char> exact(bytes.begin(), bytes.begin() + static_cast<ptrdiff_t>(size));
      std::string_view in(exact.data(), exact.size());
      std::vector<double> got(60);
      EXPECT_FALSE(DecodeFloats(&in, 60, got.data()).ok()) << size;
    }
  }
}

TEST(FloatColumn, FewDistinctDoublesMakeADictionary) {
  const auto f = [](int i) { return std::sqrt(static_cast<double>(2 + Noise(i) % 16)); };
  EXPECT_LE(RoundTripFloats(Floats(480, f)).size(), 480 / 2 + 16 * 8 + 16);
}

constexpr int kRandomShapes = 13;

// A value of one of the shapes that mappings and modes are made for.
double RandomValue(int shape, int i, std::mt19937_64& rng, double before) {
  switch (shape) {
    case 0:
      return std::bit_cast<double>(rng());
    case 1:
      return before + static_cast<double>(rng() % 1000);
    case 2:
      return static_cast<double>(rng() % 10000) / 1000;
    case 3:
      return static_cast<double>(rng() % 10000) * 1e-9;
    case 4:
      return before + static_cast<double>(rng() % 100000) / 1e9;
    case 5:
      return rng() % 20 == 0 ? static_cast<double>(rng() % 5) : before;
    case 6:
      return i % 3 == 0 ? StaleNan() : 4096.0 * static_cast<double>(rng() % kRandomShapes);
    case 7:
      return std::ldexp(static_cast<double>(rng() % 7), static_cast<int>(rng() % 2000) - 1000);
    case 8:
      return static_cast<double>(rng() % 10000) * kRateFactor;
    case 9:
      return static_cast<double>(rng() % 10000) * kRateFactor +
             static_cast<double>(rng() % 10000) * kRateFactor;
    case 10:
      return (static_cast<double>(rng() % 1000) - 500) / 12'347;
    case 11:
      return std::sin(static_cast<double>(rng() >> 11)) * std::exp(static_cast<double>(rng() % 8));
    default:
      return static_cast<double>(static_cast<int64_t>(rng() >> (rng() % 64)));
  }
}

TEST(FloatColumn, RoundTripsRandomColumns) {
  std::mt19937_64 rng(5);
  for (int round = 0; round < 3000; ++round) {
    std::vector<double> values;
    const size_t n = rng() % (round % 50 == 0 ? 3000 : 300);
    const int shape = static_cast<int>(rng() % kRandomShapes);
    const int other = static_cast<int>(rng() % kRandomShapes);
    const uint64_t mixing = rng() % 4 == 0 ? 10 : 0;
    for (size_t i = 0; i < n; ++i) {
      const int s = mixing != 0 && rng() % mixing == 0 ? other : shape;
      values.push_back(
          RandomValue(s, static_cast<int>(i), rng, values.empty() ? 0 : values.back()));
    }
    RoundTripFloats(values);
    if (HasFailure()) FAIL() << "round " << round << " shape " << shape << " and " << other;
  }
}

TEST(IntColumn, RoundTripsRandomColumns) {
  std::mt19937_64 rng(6);
  for (int round = 0; round < 3000; ++round) {
    std::vector<int64_t> values;
    const int shift = static_cast<int>(rng() % 64);
    const int step_shift = static_cast<int>(rng() % 64);
    const uint64_t factor = rng() % 3 == 0 ? rng() >> (rng() % 64) : 1;
    const uint64_t rarely = 1 + rng() % 20;
    uint64_t value = rng() >> shift;
    for (size_t n = 1 + rng() % 400; n > 0; --n) {
      if (rng() % rarely == 0) value += factor * ((rng() >> step_shift) - (rng() >> step_shift));
      values.push_back(static_cast<int64_t>(round % 5 == 0 ? factor * (rng() >> shift) : value));
    }
    RoundTripInts(values);
    if (HasFailure()) FAIL() << "round " << round;
  }
}

TEST(FloatColumn, SurvivesChangedBytes) {
  std::mt19937_64 rng(8);
  for (int round = 0; round < 20'000; ++round) {
    std::vector<double> values;
    const int shape = static_cast<int>(rng() % kRandomShapes);
    const size_t n = 1 + rng() % 150;
    for (size_t i = 0; i < n; ++i) {
      values.push_back(
          RandomValue(shape, static_cast<int>(i), rng, values.empty() ? 0 : values.back()));
    }
    std::string bytes;
    EncodeFloats(values, &bytes);
    bytes.resize(1 + rng() % bytes.size());
    for (int flips = static_cast<int>(rng() % 4); flips > 0; --flips) {
      bytes[rng() % std::min<size_t>(bytes.size(), 12)] = static_cast<char>(rng());
    }
    const std::vector<char> exact(bytes.begin(), bytes.end());
    std::string_view in(exact.data(), exact.size());
    std::vector<double> got(n);
    const Status status = DecodeFloats(&in, n, got.data());
    if (!status.ok()) {
      ASSERT_EQ(status.code(), StatusCode::kCorruption);
    }
    FloatBlockInfo info;
    (void)PeekFloats({exact.data(), exact.size()}, n, &info).ok();
  }
}

// A counter's block says where it begins and ends, whatever it counts in and however it grows.
TEST(ColumnCodec, CountersHaveEnds) {
  std::mt19937_64 rng(12);
  for (const double unit : {1.0, 4096.0, 0.01, 1e-6, 1.0 / 7}) {
    for (const int shape : {0, 1, 2, 3}) {
      std::vector<double> values;
      double count = 1e6;
      for (int i = 0; i < 480; ++i) {
        count += shape == 0 ? 15 : shape == 1 ? rng() % 9000 : shape == 2 ? i / 100 : i % 97 == 5;
        values.push_back(count * unit);
      }
      const std::string bytes = RoundTripFloats(values);
      FloatBlockInfo info;
      ASSERT_TRUE(PeekFloats(bytes, values.size(), &info).ok());
      EXPECT_TRUE(info.monotone && info.has_ends) << unit << " " << shape;
      // The difference is checked against the column.
      std::string damaged = bytes;
      const size_t at = unit == 1.0 || unit == 4096.0 ? 1 : 2;
      damaged[at] = static_cast<char>(damaged[at] ^ 2);
      std::string_view in = damaged;
      std::vector<double> got(values.size());
      if (unit == 1.0 / 7) continue;  // A scale of eight bytes comes first.
      EXPECT_FALSE(DecodeFloats(&in, values.size(), got.data()).ok());
    }
  }
}

TEST(ColumnCodec, OnlyLongMonotoneBlocksSayTheirEnds) {
  const auto has_ends = [](const std::vector<double>& values) {
    std::string bytes;
    EncodeFloats(values, &bytes);
    FloatBlockInfo info;
    EXPECT_TRUE(PeekFloats(bytes, values.size(), &info).ok());
    return info.has_ends;
  };
  std::vector<double> values;
  for (int i = 0; i < 100; ++i) values.push_back(i * i);
  EXPECT_TRUE(has_ends(values));
  EXPECT_FALSE(has_ends({values.begin(), values.begin() + 20}));
  values[50] = 0;
  EXPECT_FALSE(has_ends(values));
  values[50] = NormalNan();
  EXPECT_FALSE(has_ends(values));
}

void ExpectAgreesWithScalar(UnpackFunction vector) {
  std::mt19937_64 rng(9);
  for (int width = 0; width <= 64; ++width) {
    for (size_t n = 0; n < 70; ++n) {
      std::vector<uint64_t> values(n);
      for (uint64_t& value : values) value = width == 0 ? 0 : rng() >> (64 - width);
      std::string bytes;
      Pack(values, width, &bytes);
      ASSERT_EQ(bytes.size(), PackedBytes(n, width));
      bytes.append(kUnpackReadSlack, '\x77');
      std::vector<uint64_t> a(n + kUnpackWriteSlack);
      std::vector<uint64_t> b(n + kUnpackWriteSlack);
      UnpackScalar(bytes.data(), n, width, a.data());
      vector(bytes.data(), n, width, b.data());
      a.resize(n);
      b.resize(n);
      ASSERT_EQ(a, values) << "width " << width << " n " << n;
      ASSERT_EQ(b, values) << "width " << width << " n " << n;
    }
  }
}

TEST(BitPacking, Avx2AgreesWithScalar) {
  if (UnpackAvx2OrNull() == nullptr) GTEST_SKIP() << "no AVX2 here";
  ExpectAgreesWithScalar(UnpackAvx2OrNull());
}

TEST(BitPacking, Avx512AgreesWithScalar) {
  if (UnpackAvx512OrNull() == nullptr) GTEST_SKIP() << "no AVX-512 VBMI here";
  ExpectAgreesWithScalar(UnpackAvx512OrNull());
}

TEST(BitPacking, TheFastestAgreesWithScalar) { ExpectAgreesWithScalar(Unpack); }

}  // namespace
}  // namespace firn::storage
