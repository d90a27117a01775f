#include "base/memory/label_arena.h"

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace firn {
namespace {

Labels Of(int i, size_t pad = 0) {
  return Labels::FromPairs(
      {{"__name__", "up"}, {"instance", std::to_string(i)}, {"pad", std::string(pad, 'x')}});
}

TEST(LabelArena, CopiesAreEqualAndOutliveIt) {
  std::vector<Labels> copies;
  {
    LabelArena arena;
    EXPECT_EQ(arena.Copy(""), Labels());
    // Some fill a piece to its end, some are too long for one.
    for (int i = 0; i < 2000; ++i) {
      const Labels labels = Of(i, static_cast<size_t>(i * 7 % 1500));
      copies.push_back(arena.Copy(labels.packed()));
    }
  }
  for (int i = 0; i < 2000; ++i) {
    ASSERT_EQ(copies[static_cast<size_t>(i)], Of(i, static_cast<size_t>(i * 7 % 1500))) << i;
  }
}

TEST(LabelArena, SharesAreDroppedInAnyOrderByAnyThread) {
  constexpr int kThreads = 4;
  constexpr int kLabels = 500;
  auto arena = std::make_unique<LabelArena>();
  std::vector<std::vector<Labels>> shares(kThreads);
  std::vector<std::thread> makers;
  for (int t = 0; t < kThreads; ++t) {
    makers.emplace_back([&, t] {
      for (int i = 0; i < kLabels; ++i) {
        shares[static_cast<size_t>(t)].push_back(arena->Copy(Of(t * kLabels + i).packed()));
      }
    });
  }
  for (std::thread& thread : makers) thread.join();
  std::vector<std::thread> users;
  for (int t = 0; t < kThreads; ++t) {
    // Its own and those of the next, each in another order.
    std::vector<Labels> mine = shares[static_cast<size_t>(t)];
    const std::vector<Labels>& next = shares[static_cast<size_t>((t + 1) % kThreads)];
    mine.insert(mine.begin(), next.rbegin(), next.rend());
    users.emplace_back([mine = std::move(mine), t]() mutable {
      for (int i = 0; i < kLabels; ++i) {
        ASSERT_EQ(mine.back(), Of(t * kLabels + kLabels - 1 - i));
        mine.pop_back();
      }
    });
  }
  shares.clear();
  arena.reset();
  for (std::thread& thread : users) thread.join();
}

}  // namespace
}  // namespace firn
