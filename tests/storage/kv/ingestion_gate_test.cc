#include "storage/kv/pages/ingestion_gate.h"

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace firn::storage {
namespace {

using Ms = IngestionGate::Ms;

TEST(IngestionGate, ACompactionWaitsForTheIngestion) {
  IngestionGate gate;
  std::atomic<bool> starts = false;
  std::atomic<bool> begun = false;
  auto ingesting = std::make_unique<IngestionGate::Ingesting>(&gate);
  std::thread compaction([&] {
    starts = true;
    EXPECT_TRUE(gate.BeginCompaction());
    begun = true;
    gate.EndCompaction();
  });
  while (!starts) std::this_thread::yield();
  for (int i = 0; i < 100; ++i) std::this_thread::yield();
  EXPECT_FALSE(begun);
  ingesting.reset();
  compaction.join();
  EXPECT_TRUE(begun);
}

TEST(IngestionGate, AnIngestionWaitsForCompactions) {
  IngestionGate gate;
  std::atomic<bool> starts = false;
  std::atomic<bool> begun = false;
  EXPECT_TRUE(gate.BeginCompaction());
  EXPECT_TRUE(gate.BeginCompaction());
  std::thread ingestion([&] {
    starts = true;
    const IngestionGate::Ingesting ingesting(&gate);
    begun = true;
  });
  while (!starts) std::this_thread::yield();
  gate.EndCompaction();
  for (int i = 0; i < 100; ++i) std::this_thread::yield();
  EXPECT_FALSE(begun);
  gate.EndCompaction();
  ingestion.join();
}

TEST(IngestionGate, NeitherWaitsForEver) {
  IngestionGate gate(Ms(5), Ms(5));
  {
    const IngestionGate::Ingesting ingesting(&gate);
    EXPECT_FALSE(gate.BeginCompaction());
  }
  {
    const IngestionGate::Ingesting ingesting(&gate);  // Beside the compaction.
  }
  gate.EndCompaction();
  EXPECT_TRUE(gate.BeginCompaction());
  gate.EndCompaction();
}

TEST(IngestionGate, NeverAreBothAtWork) {
  IngestionGate gate;
  std::atomic<int> compactions = 0;
  std::atomic<int> ingestions = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 500; ++i) {
        EXPECT_TRUE(gate.BeginCompaction());
        ++compactions;
        EXPECT_EQ(ingestions, 0);
        --compactions;
        gate.EndCompaction();
      }
    });
  }
  for (int i = 0; i < 500; ++i) {
    const IngestionGate::Ingesting ingesting(&gate);
    ++ingestions;
    EXPECT_EQ(compactions, 0);
    --ingestions;
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace firn::storage
