#include "storage/encoding/column_loops.h"

#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "base/bytes.h"
#include "storage/encoding/bit_packing.h"
#include "storage/encoding/mapping_rules.h"

namespace firn::storage {
namespace {

// The instruction sets by number; null where this machine has not got one.
const ColumnLoops* LoopsOf(int number) {
  if (number == 0) return &BaselineColumnLoops();
  return number == 1 ? Avx2ColumnLoopsOrNull() : Avx512ColumnLoopsOrNull();
}

class ColumnLoopsTest : public testing::TestWithParam<int> {
 protected:
  void SetUp() override {
    loops_ = LoopsOf(GetParam());
    if (loops_ == nullptr) GTEST_SKIP() << "not on this machine";
  }

  // Numbers of any size, small ones as often as large ones, and garbage behind them.
  std::vector<uint64_t> Numbers(size_t n, int width_max) {
    std::vector<uint64_t> numbers(n + kUnpackWriteSlack);
    for (uint64_t& x : numbers) x = rng_() >> (63 - rng_() % static_cast<uint64_t>(width_max));
    return numbers;
  }

  // What `loop` puts into its last argument, of which `n` values count.
  template <typename Loop, typename... Arguments>
  std::vector<uint64_t> Ints(size_t n, Loop loop, const Arguments&... arguments) {
    std::vector<uint64_t> out(n + kUnpackWriteSlack);
    loop(arguments..., out.data());
    out.resize(n);
    return out;
  }

  const ColumnLoops* loops_ = nullptr;
  std::mt19937_64 rng_{20};
};

constexpr uint64_t kScales[] = {1, 2, 1000, 0xfedc'ba98'7654'3211};

TEST_P(ColumnLoopsTest, LinesAreWhatTheyAreCalled) {
  for (size_t n = 0; n < 70; ++n) {
    const std::vector<uint64_t> in = Numbers(n, 64);
    for (const uint64_t scale : kScales) {
      const uint64_t base = rng_();
      const uint64_t step = rng_();
      std::vector<uint64_t> expected;
      for (size_t i = 0; i < n; ++i) expected.push_back(base + step * i + scale * in[i]);
      EXPECT_EQ(Ints(n, loops_->line, in.data(), n, base, step, scale), expected) << n;
    }
  }
}

TEST_P(ColumnLoopsTest, SumsRunOn) {
  for (size_t n = 0; n < 70; ++n) {
    const std::vector<uint64_t> in = Numbers(n, 64);
    for (const uint64_t scale : kScales) {
      const uint64_t base = rng_();
      const uint64_t step = rng_();
      std::vector<uint64_t> plain = {base};
      std::vector<uint64_t> zigzag = {base};
      std::vector<uint64_t> twice = {base, base + step};
      uint64_t gain = step;
      for (size_t i = 0; i < n; ++i) {
        const uint64_t signed_step = scale * static_cast<uint64_t>(UnZigZag(in[i]));
        plain.push_back(plain.back() + step + scale * in[i]);
        zigzag.push_back(zigzag.back() + signed_step);
        gain += signed_step;
        twice.push_back(twice.back() + gain);
      }
      EXPECT_EQ(Ints(n + 1, loops_->sums, in.data(), n, base, step, scale), plain) << n;
      EXPECT_EQ(Ints(n + 1, loops_->zigzag_sums, in.data(), n, base, scale), zigzag) << n;
      EXPECT_EQ(Ints(n + 2, loops_->zigzag_sums_of_sums, in.data(), n, base, step, scale), twice)
          << n;
    }
  }
}

TEST_P(ColumnLoopsTest, DoublesAreThoseOfOneByOne) {
  constexpr double kNumbers[] = {1e3, 1e-3, 0.1, 300.0 / 285 / 300, 1e18};
  constexpr double kUntouched = -7;
  for (size_t n = 0; n < 70; ++n) {
    std::vector<uint64_t> in = Numbers(n, 50);
    for (size_t i = 0; i < n; i += 3) in[i] = 0 - in[i];
    for (const double number : kNumbers) {
      std::vector<double> plain(n + 1, kUntouched);
      std::vector<double> products = plain;
      std::vector<double> quotients = plain;
      std::vector<double> filled = plain;
      loops_->doubles(in.data(), n, plain.data());
      loops_->products(in.data(), n, number, products.data());
      loops_->quotients(in.data(), n, number, quotients.data());
      loops_->fill(number, n, filled.data());
      for (size_t i = 0; i < n; ++i) {
        const auto value = static_cast<double>(static_cast<int64_t>(in[i]));
        EXPECT_EQ(plain[i], value);
        EXPECT_EQ(products[i], value * number);
        EXPECT_EQ(quotients[i], value / number);
        EXPECT_EQ(filled[i], number);
      }
      for (const auto& out : {plain, products, quotients, filled}) EXPECT_EQ(out[n], kUntouched);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(InstructionSets, ColumnLoopsTest, testing::Values(0, 1, 2));

}  // namespace
}  // namespace firn::storage
