#include "storage/encoding/split_block.h"

#include <bit>
#include <cmath>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "storage/encoding/int_column.h"
#include "storage/encoding/packed_vector.h"

namespace firn::storage {
namespace {

std::vector<double> Normals(size_t n, double mean, double deviation) {
  std::mt19937_64 rng(21);
  std::normal_distribution<double> normal(mean, deviation);
  std::vector<double> values;
  for (size_t i = 0; i < n; ++i) values.push_back(normal(rng));
  return values;
}

std::string Split(const std::vector<double>& values) {
  std::string bytes;
  const auto plan = PlanSplit(values);
  EXPECT_TRUE(plan.has_value());
  if (plan) AppendSplit(values, *plan, &bytes);
  return bytes;
}

// From a buffer of exact size.
bool Read(const std::string& bytes, size_t n, std::vector<double>* out) {
  const std::vector<char> exact(bytes.begin(), bytes.end());
  ByteReader in(std::string_view(exact.data(), exact.size()));
  out->assign(n, 0);
  return ReadSplit(&in, n, out->data()) && in.AtEnd();
}

TEST(SplitBlock, RoundTripsAndCostsWhatWasPlanned) {
  for (const size_t n : {1, 2, 20, 120, 480, 1024}) {
    for (const double mean : {0.0, 100.0}) {
      const std::vector<double> values = Normals(n, mean, 1);
      const std::string bytes = Split(values);
      EXPECT_NEAR(static_cast<double>(bytes.size()), static_cast<double>(PlanSplit(values)->bytes),
                  24.0 + 0.01 * 8 * n);
      std::vector<double> got;
      ASSERT_TRUE(Read(bytes, n, &got));
      for (size_t i = 0; i < n; ++i) {
        ASSERT_EQ(std::bit_cast<uint64_t>(got[i]), std::bit_cast<uint64_t>(values[i]));
      }
    }
  }
}

TEST(SplitBlock, TakesLessThanThePatternsOfNumbersAboutZero) {
  const std::vector<double> values = Normals(480, 0, 1);
  std::vector<uint64_t> patterns;
  for (const double v : values) patterns.push_back(std::bit_cast<uint64_t>(v));
  std::string plain;
  AppendIntBlock(patterns, &plain);
  EXPECT_LT(Split(values).size() * 100, plain.size() * 92);
}

TEST(SplitBlock, PlansNothingForAnyPatterns) {
  std::mt19937_64 rng(22);
  std::vector<double> values;
  for (int i = 0; i < 480; ++i) values.push_back(std::bit_cast<double>(rng()));
  EXPECT_FALSE(PlanSplit(values).has_value());
}

TEST(SplitBlock, RefusesWhatNoWriterWrites) {
  const auto block = [](char rest_bits, uint64_t front, uint64_t rest) {
    std::string bytes(1, rest_bits);
    AppendIntBlock(std::vector<uint64_t>{1, front}, &bytes);
    AppendPackedVector(std::vector<uint64_t>{1, rest}, &bytes);
    return bytes;
  };
  std::vector<double> got;
  EXPECT_TRUE(Read(block(52, 0xfff, (uint64_t{1} << 52) - 1), 2, &got));
  EXPECT_FALSE(Read(block(52, 0x1000, 2), 2, &got));
  EXPECT_FALSE(Read(block(52, 2, uint64_t{1} << 52), 2, &got));
  EXPECT_TRUE(Read(block(63, 1, 2), 2, &got));
  EXPECT_FALSE(Read(block(63, 2, 2), 2, &got));
  EXPECT_FALSE(Read(block(0, 2, 0), 2, &got));
  EXPECT_FALSE(Read(block(64, 0, 2), 2, &got));
  EXPECT_FALSE(Read(block('\xff', 0, 2), 2, &got));
}

TEST(SplitBlock, RefusesWhatIsCutShort) {
  const std::string bytes = Split(Normals(60, 0, 1));
  std::vector<double> got;
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(Read(bytes.substr(0, size), 60, &got)) << size;
  }
}

}  // namespace
}  // namespace firn::storage
