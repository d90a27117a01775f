#include "storage/encoding/find_scale.h"

#include <cmath>
#include <functional>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/sample.h"
#include "storage/encoding/mapping_rules.h"

namespace firn::storage {
namespace {

constexpr double kRate = 300.0 / 285 / 300;  // As PromQL stretches 19 steps of 15 s to 5 m.

std::vector<double> Make(size_t n, const std::function<double(std::mt19937_64&)>& f) {
  std::mt19937_64 rng(11);
  std::vector<double> values;
  for (size_t i = 0; i < n; ++i) values.push_back(f(rng));
  return values;
}
double Below(std::mt19937_64& rng, uint64_t limit) { return static_cast<double>(rng() % limit); }

struct ScaleCase {
  std::string name;
  std::function<double(std::mt19937_64&)> f;
};
class ExactScaleTest : public testing::TestWithParam<ScaleCase> {};

TEST_P(ExactScaleTest, GivesAllValuesBack) {
  for (const size_t n : {16, 120, 480, 1024}) {
    const std::vector<double> values = Make(n, GetParam().f);
    const auto found = FindScale(values);
    ASSERT_TRUE(found.has_value()) << n;
    EXPECT_TRUE(found->exact) << n;
    EXPECT_LE(CountMisfits(ScaleRule{found->scale}, values), ExceptionsMax(n));
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, ExactScaleTest,
    testing::Values(
        ScaleCase{"Rate", [](auto& rng) { return Below(rng, 5000) * kRate; }},
        ScaleCase{"RateOfPages", [](auto& rng) { return 4096 * Below(rng, 500) * kRate; }},
        ScaleCase{"RateWithCommonFactor", [](auto& rng) { return 37 * Below(rng, 500) * kRate; }},
        ScaleCase{"Delta", [](auto& rng) { return (Below(rng, 999) - 500) * kRate; }},
        ScaleCase{"LargeCounts", [](auto& rng) { return (3e6 + Below(rng, 999)) * kRate; }},
        ScaleCase{"PerSecond", [](auto& rng) { return Below(rng, 100'000) / 15; }},
        ScaleCase{"Ratio", [](auto& rng) { return (9000 + Below(rng, 999)) / 12'347; }},
        ScaleCase{"RatioOfBytes",
                  [](auto& rng) { return 4096 * (1e6 + Below(rng, 9999)) / 16'391'557'120; }},
        ScaleCase{"Converted", [](auto& rng) { return Below(rng, 300) * 0.3048; }},
        ScaleCase{"Tiny", [](auto& rng) { return Below(rng, 300) * 1.7e-290; }},
        ScaleCase{"Huge", [](auto& rng) { return Below(rng, 300) * 1.7e290; }},
        ScaleCase{"ByPi", [](auto& rng) { return Below(rng, 1 << 18) * 3.14159265358979; }}),
    [](const auto& tested) { return tested.param.name; });

TEST(FindScale, PassesOverSingleValuesOfAnotherKind) {
  for (const double odd : {StaleNan(), std::numeric_limits<double>::infinity(), std::sqrt(2.0)}) {
    for (size_t at = 0; at < 120; ++at) {
      auto values = Make(120, [](auto& rng) { return Below(rng, 5000) * kRate; });
      values[at] = odd;
      const auto found = FindScale(values);
      ASSERT_TRUE(found.has_value()) << odd << " at " << at;
      EXPECT_TRUE(found->exact) << odd << " at " << at;
    }
  }
}

TEST(FindScale, ComesNearWhereRoundedNumbersAreAddedUp) {
  const auto values = Make(240, [](auto& rng) {
    double sum = 0;
    for (int i = 0; i < 8; ++i) sum += Below(rng, 1000) * kRate;
    return sum;
  });
  const auto found = FindScale(values);
  ASSERT_TRUE(found.has_value());
  for (const double v : values) {
    double d;
    uint64_t ulps;
    EXPECT_TRUE(FitsWithUlps(ScaleRule{found->scale}, v, &d, &ulps));
    EXPECT_LE(ZigZag(static_cast<int64_t>(ulps)), 8u);
    EXPECT_LT(d, 100'000);  // Not a small part of the constant.
  }
}

TEST(FindScale, ClaimsNothingExactAboutRealNumbers) {
  std::mt19937_64 rng(12);
  std::normal_distribution<double> normal(5, 2);
  for (int round = 0; round < 500; ++round) {
    std::vector<double> values;
    for (int i = 0; i < 120; ++i) values.push_back(round % 2 == 0 ? normal(rng) : std::sqrt(i + 2));
    const auto found = FindScale(values);
    EXPECT_FALSE(found && found->exact) << round;
  }
}

// Whatever it claims must hold, and no values may lead it astray.
TEST(FindScale, HoldsOnAnyPatterns) {
  std::mt19937_64 rng(13);
  for (int round = 0; round < 20'000; ++round) {
    std::vector<double> values;
    const int kind = static_cast<int>(rng() % 4);
    const double scale = std::bit_cast<double>(rng());
    for (size_t n = rng() % 60; n > 0; --n) {
      const uint64_t bits = rng();
      values.push_back(kind == 0   ? std::bit_cast<double>(bits)
                       : kind == 1 ? std::bit_cast<double>(bits >> (12 + rng() % 50))
                       : kind == 2 ? static_cast<double>(bits % 100) * scale
                                   : std::bit_cast<double>(bits % 3 << 62 | bits % 5));
    }
    const auto found = FindScale(values);
    if (!found) continue;
    ASSERT_TRUE(std::isfinite(found->scale) && found->scale > 0) << round;
    if (found->exact) {
      ASSERT_LE(CountMisfits(ScaleRule{found->scale}, values), ExceptionsMax(values.size()));
    }
  }
}

}  // namespace
}  // namespace firn::storage
