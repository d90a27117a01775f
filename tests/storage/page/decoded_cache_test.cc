#include "storage/page/cache/decoded_cache.h"

#include <string>

#include <gtest/gtest.h>

#include "storage/page/window_reader.h"
#include "tests/storage/page/memory_pages.h"
#include "tests/storage/page/random_window.h"

namespace firn::storage {
namespace {

std::shared_ptr<const void> Text(const char* text) {
  return std::make_shared<const std::string>(text);
}

TEST(DecodedCacheTest, DropsWhatWasUsedLongestAgo) {
  MemoryBudget budget("tables", 0);
  DecodedCache cache(100, &budget);
  const uint64_t window = cache.NewWindow();
  cache.Put({window, 1}, Text("a"), 40);
  cache.Put({window, 2}, Text("b"), 40);
  EXPECT_EQ(*cache.Get<std::string>({window, 1}), "a");
  cache.Put({window, 3}, Text("c"), 40);
  EXPECT_EQ(cache.Get<std::string>({window, 2}), nullptr);
  EXPECT_EQ(*cache.Get<std::string>({window, 1}), "a");
  EXPECT_EQ(budget.used(), 80u);
  cache.Put({window, 4}, Text("too large"), 101);
  EXPECT_EQ(cache.Get<std::string>({window, 4}), nullptr);
  cache.Put({window, 5}, Text("all of it"), 100);
  EXPECT_EQ(cache.figures().bytes, 100u);
  EXPECT_EQ(cache.Get<std::string>({window, 1}), nullptr);
  EXPECT_EQ(cache.figures().hits, 2u);
  EXPECT_EQ(cache.figures().misses, 3u);
}

TEST(DecodedCacheTest, AWindowTakesItsPartsWithIt) {
  MemoryBudget budget("tables", 0);
  {
    DecodedCache cache(100, &budget);
    const uint64_t first = cache.NewWindow();
    const uint64_t second = cache.NewWindow();
    cache.Put({first, 1}, Text("a"), 10);
    cache.Put({second, 1}, Text("b"), 10);
    cache.Drop(first);
    EXPECT_EQ(cache.Get<std::string>({first, 1}), nullptr);
    EXPECT_EQ(*cache.Get<std::string>({second, 1}), "b");
    EXPECT_EQ(budget.used(), 10u);
  }
  EXPECT_EQ(budget.used(), 0u);
}

// However many windows are open and whatever is asked of them, and even if nothing fits.
TEST(DecodedCacheTest, WindowsShareIt) {
  for (const uint64_t bytes_max : {uint64_t{64} << 10, uint64_t{1}}) {
    MemoryBudget budget("tables", bytes_max);
    auto cache = std::make_shared<DecodedCache>(bytes_max, &budget);
    auto pages = std::make_shared<MemoryPages>();
    std::vector<std::shared_ptr<const WindowReader>> readers;
    std::mt19937_64 rng(7);
    for (uint32_t generation = 0; generation < 40; ++generation) {
      const WindowId id{.tier = 0, .start = 0, .end = kHourMs, .generation = generation};
      const ModelWindow model =
          MakeRandomWindow(id, {.metrics = 30, .series_per_metric = 5, .samples_max = 10}, rng);
      ASSERT_TRUE(WriteWindow(id, model, pages.get()).ok());
      auto reader = WindowReader::Open(pages, id, cache);
      ASSERT_TRUE(reader.ok()) << reader.status().ToString();
      readers.push_back(*reader);
      for (const auto& each : readers) {
        const auto all = each->Select({});
        ASSERT_TRUE(all.ok()) << all.status().ToString();
        EXPECT_EQ(all->size(), each->summary().series);
      }
      EXPECT_EQ((*reader)->Metrics()->size(), (*reader)->summary().metrics);
    }
    EXPECT_LE(budget.peak(), bytes_max);
    EXPECT_GT(cache->figures().misses, 0u);
    readers.clear();
    EXPECT_EQ(budget.used(), 0u);
  }
}

}  // namespace
}  // namespace firn::storage
