#include "base/memory/memory_budget.h"

#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace firn {
namespace {

TEST(MemoryBudgetTest, ChargesAllOrNothing) {
  MemoryBudget whole("everything", 100);
  MemoryBudget part("queries", 60, &whole);
  EXPECT_TRUE(part.Charge(60).ok());
  const Status more = part.Charge(1);
  EXPECT_EQ(more.code(), StatusCode::kResourceExhausted);
  EXPECT_NE(more.message().find("queries"), std::string_view::npos) << more.message();
  EXPECT_EQ(part.used(), 60u);
  EXPECT_EQ(whole.used(), 60u);
  EXPECT_EQ(part.refused(), 1u);
  EXPECT_EQ(whole.refused(), 0u);
}

TEST(MemoryBudgetTest, PartsShareTheWhole) {
  MemoryBudget whole("everything", 100);
  MemoryBudget head("the head", 80, &whole);
  MemoryBudget queries("queries", 80, &whole);
  EXPECT_TRUE(head.Charge(70).ok());
  const Status refused = queries.Charge(31);
  EXPECT_NE(refused.message().find("everything"), std::string_view::npos) << refused.message();
  EXPECT_EQ(queries.used(), 0u);
  EXPECT_TRUE(queries.Charge(30).ok());
  head.Release(10);
  EXPECT_TRUE(queries.Charge(10).ok());
  EXPECT_EQ(whole.used(), 100u);
  EXPECT_EQ(whole.peak(), 100u);
}

TEST(MemoryBudgetTest, MeasuredMemoryIsChargedBeyondTheLimit) {
  MemoryBudget whole("everything", 100);
  MemoryBudget head("the head", 0, &whole);
  MemoryBudget queries("queries", 50, &whole);
  head.SetUsed(150);
  EXPECT_TRUE(whole.exhausted());
  EXPECT_TRUE(queries.exhausted());
  EXPECT_FALSE(queries.Charge(1).ok());
  head.SetUsed(40);
  EXPECT_FALSE(queries.exhausted());
  EXPECT_TRUE(queries.Charge(50).ok());
  EXPECT_EQ(whole.used(), 90u);
  EXPECT_EQ(head.peak(), 150u);
}

TEST(MemoryBudgetTest, HugeChargesDoNotWrapAround) {
  MemoryBudget budget("queries", 100);
  EXPECT_TRUE(budget.Charge(50).ok());
  EXPECT_FALSE(budget.Charge(~uint64_t{0}).ok());
  EXPECT_FALSE(budget.Charge(~uint64_t{0} - 50).ok());
  EXPECT_EQ(budget.used(), 50u);
}

TEST(MemoryBudgetTest, PartGivesBackWhatItHeldWhenItGoes) {
  MemoryBudget whole("everything", 100);
  {
    MemoryBudget part("a query", 0, &whole);
    EXPECT_TRUE(part.Charge(40).ok());
  }
  EXPECT_EQ(whole.used(), 0u);
}

TEST(MemoryChargeTest, GrowsShrinksAndMoves) {
  MemoryBudget budget("queries", 100);
  MemoryCharge none(nullptr);
  EXPECT_TRUE(none.Grow(1'000'000).ok());
  EXPECT_EQ(none.bytes(), 0u);
  {
    MemoryCharge charge(&budget);
    EXPECT_TRUE(charge.Grow(30).ok());
    EXPECT_TRUE(charge.Resize(90).ok());
    EXPECT_FALSE(charge.Resize(101).ok());
    EXPECT_EQ(charge.bytes(), 90u);
    EXPECT_TRUE(charge.Resize(20).ok());
    MemoryCharge moved = std::move(charge);
    EXPECT_EQ(budget.used(), 20u);
    moved.GrowAnyway(200);
    EXPECT_EQ(budget.used(), 220u);
    EXPECT_TRUE(budget.exhausted());
    moved = MemoryCharge(&budget);
    EXPECT_EQ(budget.used(), 0u);
    EXPECT_TRUE(moved.Grow(10).ok());
  }
  EXPECT_EQ(budget.used(), 0u);
  EXPECT_EQ(budget.peak(), 220u);
}

TEST(MemoryBudgetTest, NeverExceedsTheLimitTogether) {
  MemoryBudget whole("everything", 1000);
  MemoryBudget part("queries", 600, &whole);
  std::atomic<bool> exceeded = false;
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      for (int round = 0; round < 5000; ++round) {
        MemoryCharge charge(i % 2 == 0 ? &part : &whole);
        if (charge.Grow(static_cast<uint64_t>(100 + round % 200)).ok()) {
          exceeded = exceeded || part.peak() > 600 || whole.peak() > 1000;
        }
      }
    });
  }
  threads.clear();
  EXPECT_FALSE(exceeded);
  EXPECT_EQ(whole.used(), 0u);
  EXPECT_EQ(part.used(), 0u);
}

}  // namespace
}  // namespace firn
