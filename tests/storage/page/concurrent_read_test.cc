// Several threads on one reader: run under ThreadSanitizer.
#include <atomic>
#include <memory>
#include <random>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "storage/page/window_reader.h"
#include "tests/storage/page/memory_pages.h"
#include "tests/storage/page/random_window.h"

namespace firn::storage {
namespace {

constexpr TimestampMs kStart = 1'700'000'000'000;
constexpr WindowId kWindow = {
    .tier = 0, .start = kStart, .end = kStart + 4 * kHourMs, .generation = 0};

TEST(ConcurrentRead, ThreadsShareAReader) {
  std::mt19937_64 rng(1);
  const ModelWindow model =
      MakeRandomWindow(kWindow, {.metrics = 6, .series_per_metric = 20, .samples_max = 100}, rng);
  auto pages = std::make_shared<MemoryPages>();
  ASSERT_TRUE(WriteWindow(kWindow, model, pages.get()).ok());
  auto reader = WindowReader::Open(pages, kWindow);
  ASSERT_TRUE(reader.ok());
  std::atomic<int> wrong = 0;
  const auto read_all = [&] {
    ReadCache cache;
    for (int round = 0; round < 5; ++round) {
      const auto handles = (*reader)->Select({});
      if (!handles.ok() || handles->size() != model.size()) ++wrong;
      for (const SeriesHandle& handle : *handles) {
        SeriesData data;
        const Status status = (*reader)->Read(handle, TimeRange(), &cache, &data);
        if (!status.ok() || !SameSamples(data, model.at(handle.labels))) ++wrong;
      }
    }
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) threads.emplace_back(read_all);
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

}  // namespace
}  // namespace firn::storage
