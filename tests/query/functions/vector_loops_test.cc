#include "query/functions/vector_loops.h"

#include <bit>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "base/sample.h"
#include "query/functions/kahan.h"

namespace firn::query {
namespace {

constexpr size_t kLengths[] = {0, 1, 2, 3, 4, 5, 7, 8, 9, 31, 64, 241};

// Numbers of all magnitudes, with those that need care among them.
std::vector<double> AnyNumbers(std::mt19937_64* rng, size_t n) {
  constexpr double kInf = std::numeric_limits<double>::infinity();
  constexpr double kSpecial[] = {0.0,    -0.0,   kInf,   -kInf, std::nan(""), 1e308,
                                 -1e308, 5e-324, 1e-300, 1,     -1,           9007199254740993.0};
  std::vector<double> out;
  for (size_t i = 0; i < n; ++i) {
    if ((*rng)() % 4 == 0) {
      out.push_back(kSpecial[(*rng)() % std::size(kSpecial)]);
    } else {
      const double mantissa = static_cast<double>((*rng)() % 2'000'001) - 1e6;
      out.push_back(std::ldexp(mantissa, static_cast<int>((*rng)() % 80) - 40));
    }
  }
  return out;
}

bool SameBits(const std::vector<double>& a, const std::vector<double>& b) {
  for (size_t i = 0; i < a.size(); ++i) {
    if (std::isnan(a[i]) && std::isnan(b[i])) continue;
    if (std::bit_cast<uint64_t>(a[i]) != std::bit_cast<uint64_t>(b[i])) return false;
  }
  return a.size() == b.size();
}

TEST(VectorLoopsTest, KahanAddEqualsTheScalarForm) {
  std::mt19937_64 rng(1);
  for (const VectorLoops* loops : {&BestLoops(), &BaselineLoops()}) {
    for (const size_t n : kLengths) {
      std::vector<double> sum(n, -0.0);
      std::vector<double> c(n, 0.0);
      std::vector<double> expected_sum = sum;
      std::vector<double> expected_c = c;
      for (int round = 0; round < 20; ++round) {
        const std::vector<double> x = AnyNumbers(&rng, n);
        loops->kahan_add(x.data(), n, sum.data(), c.data());
        for (size_t i = 0; i < n; ++i) KahanAdd(x[i], &expected_sum[i], &expected_c[i]);
        ASSERT_TRUE(SameBits(sum, expected_sum)) << n << " after " << round;
        ASSERT_TRUE(SameBits(c, expected_c)) << n << " after " << round;
      }
    }
  }
}

TEST(VectorLoopsTest, WindowsEqualTheScalarForm) {
  std::mt19937_64 rng(4);
  for (const VectorLoops* loops : {&BestLoops(), &BaselineLoops()}) {
    for (const size_t n : kLengths) {
      for (const size_t width : {1, 2, 5, 64}) {
        const std::vector<double> v = AnyNumbers(&rng, n + width - 1);
        std::vector<double> sum(n), c(n), variance(n);
        loops->window_sums(v.data(), width, n, sum.data(), c.data());
        loops->window_variances(v.data(), width, n, variance.data());
        std::vector<double> expected_sum(n), expected_c(n), expected_variance(n);
        for (size_t i = 0; i < n; ++i) {
          expected_sum[i] = v[i];
          VarianceAccumulator accumulator;
          for (size_t k = 0; k < width; ++k) {
            if (k > 0) KahanAdd(v[i + k], &expected_sum[i], &expected_c[i]);
            accumulator.Add(v[i + k]);
          }
          expected_variance[i] = accumulator.Result();
        }
        ASSERT_TRUE(SameBits(sum, expected_sum)) << n << " windows of " << width;
        ASSERT_TRUE(SameBits(c, expected_c)) << n << " windows of " << width;
        ASSERT_TRUE(SameBits(variance, expected_variance)) << n << " windows of " << width;
      }
    }
  }
}

TEST(VectorLoopsTest, SumBegunAtMinusZeroKeepsItsFirstValue) {
  for (const double first : {0.0, -0.0, 1.5, std::numeric_limits<double>::infinity()}) {
    double sum = -0.0;
    double c = 0;
    BestLoops().kahan_add(&first, 1, &sum, &c);
    EXPECT_EQ(std::bit_cast<uint64_t>(sum), std::bit_cast<uint64_t>(first));
    EXPECT_EQ(std::bit_cast<uint64_t>(c), 0u);
  }
}

TEST(VectorLoopsTest, BestEqualsBaseline) {
  std::mt19937_64 rng(2);
  const VectorLoops& best = BestLoops();
  const VectorLoops& base = BaselineLoops();
  for (int round = 0; round < 200; ++round) {
    const size_t n = kLengths[static_cast<size_t>(round) % std::size(kLengths)];
    const std::vector<double> a = AnyNumbers(&rng, n);
    const std::vector<double> b = AnyNumbers(&rng, n);
    const std::vector<double> c = AnyNumbers(&rng, n);
    const std::vector<double> d = AnyNumbers(&rng, n);
    const std::vector<double> e = AnyNumbers(&rng, n);
    EXPECT_EQ(best.any_drop(a.data(), n), base.any_drop(a.data(), n));
    std::vector<double> x(n);
    std::vector<double> y(n);
    best.subtract(a.data(), b.data(), n, x.data());
    base.subtract(a.data(), b.data(), n, y.data());
    EXPECT_TRUE(SameBits(x, y));
    EXPECT_EQ(best.scale_gains(a.data(), b.data(), c.data(), d.data(), e.data(), n, x.data()),
              base.scale_gains(a.data(), b.data(), c.data(), d.data(), e.data(), n, y.data()));
    EXPECT_TRUE(SameBits(x, y));
    std::vector<double> lead = b, trail = c, between = d;
    std::vector<double> lead2 = b, trail2 = c, between2 = d;
    best.stretch(a.data(), 300, n, lead.data(), trail.data(), between.data(), x.data());
    base.stretch(a.data(), 300, n, lead2.data(), trail2.data(), between2.data(), y.data());
    EXPECT_TRUE(SameBits(lead, lead2) && SameBits(trail, trail2) && SameBits(between, between2));
    EXPECT_TRUE(SameBits(x, y));
  }
}

TEST(VectorLoopsTest, FindsWhatThereIsOnceAtAnyPlace) {
  for (const VectorLoops* loops : {&BestLoops(), &BaselineLoops()}) {
    for (const size_t n : kLengths) {
      std::vector<double> v(n);
      for (size_t i = 0; i < n; ++i) v[i] = static_cast<double>(i);
      EXPECT_FALSE(loops->any_stale(v.data(), n));
      EXPECT_FALSE(loops->any_drop(v.data(), n));
      for (size_t i = 0; i < n; ++i) {
        std::vector<double> with = v;
        with[i] = StaleNan();
        EXPECT_TRUE(loops->any_stale(with.data(), n)) << i << " of " << n;
        EXPECT_FALSE(loops->any_drop(with.data(), n)) << i << " of " << n;
        with[i] = NormalNan();
        EXPECT_FALSE(loops->any_stale(with.data(), n)) << i << " of " << n;
        with[i] = -1;
        EXPECT_EQ(loops->any_drop(with.data(), n), i > 0) << i << " of " << n;
      }
    }
  }
}

}  // namespace
}  // namespace firn::query
