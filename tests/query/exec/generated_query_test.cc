// Random expressions: each step of a range query is what an instant query finds there.
#include <random>

#include <gtest/gtest.h>

#include "tests/support/query_generator.h"
#include "tests/support/query_invariants.h"

namespace firn::query {
namespace {

TEST(GeneratedQueryTest, StepsOfRangesAreInstants) {
  const uint64_t seed = std::random_device{}();
  SCOPED_TRACE(::testing::Message() << "seed " << seed);
  std::mt19937_64 rng(seed);
  const firn::testing::MemoryStore store = firn::testing::MakeQueryStore();
  constexpr int kQueries = 1500;
  int evaluated = 0;
  for (int i = 0; i < kQueries; ++i) {
    std::vector<uint8_t> bytes(20 + rng() % 100);
    for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(rng());
    const std::string text = firn::testing::QueryGenerator(bytes).Query();
    bool had_result = false;
    const std::string wrong = firn::testing::CheckQuery(store, text, &had_result);
    EXPECT_EQ(wrong, "") << text;
    evaluated += had_result ? 1 : 0;
  }
  EXPECT_GT(evaluated, kQueries / 4);
  RecordProperty("evaluated", evaluated);
}

}  // namespace
}  // namespace firn::query
