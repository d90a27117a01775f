// The chunks of a query on several threads.
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "base/thread_pool.h"
#include "query/exec/exec_context.h"

namespace firn::query {
namespace {

constexpr size_t kChunks = 300;

class ParallelTest : public testing::TestWithParam<size_t> {
 protected:
  ExecScope Scope() {
    ExecScope scope;
    scope.pool = &pool_;
    scope.samples_max = 1'000'000;
    scope.deadline = std::chrono::steady_clock::now() + std::chrono::hours(1);
    return scope;
  }
  // Leaves a tile that tells chunks apart, some sooner than others.
  static Status Compute(Worker* worker, size_t chunk) {
    for (size_t i = 0; i < chunk * 7919 % 5; ++i) std::this_thread::yield();
    worker->tile().resize(TileSize(chunk));
    return OkStatus();
  }
  static size_t TileSize(size_t chunk) { return chunk % 13 + 1; }
  static Status Failure(size_t chunk) { return InvalidArgument("chunk {}", chunk); }

  ThreadPool pool_{GetParam(), "helpers"};
};

TEST_P(ParallelTest, ConsumesEachChunkInOrderWithItsOwnTile) {
  ExecContext context(Scope());
  size_t consumed = 0;
  const Status status =
      context.Parallel(kChunks, Compute, [&](Worker* worker, size_t chunk) -> Status {
        EXPECT_EQ(chunk, consumed);
        EXPECT_EQ(worker->tile().size(), TileSize(chunk));
        ++consumed;
        return OkStatus();
      });
  EXPECT_TRUE(status.ok()) << status.ToString();
  EXPECT_EQ(consumed, kChunks);
}

TEST_P(ParallelTest, TheFirstFailureInOrderEndsIt) {
  ExecContext context(Scope());
  const auto fail_some = [](Worker* worker, size_t chunk) -> Status {
    FIRN_RETURN_IF_ERROR(Compute(worker, chunk));
    return chunk == 20 || chunk == 21 || chunk == 23 ? Failure(chunk) : OkStatus();
  };
  for (int round = 0; round < 50; ++round) {
    EXPECT_EQ(context.Parallel(kChunks, fail_some).message(), "chunk 20");
    size_t consumed = 0;
    const auto consume = [&](Worker*, size_t chunk) -> Status {
      EXPECT_EQ(chunk, consumed++);
      return OkStatus();
    };
    EXPECT_EQ(context.Parallel(kChunks, fail_some, consume).message(), "chunk 20");
    EXPECT_EQ(consumed, 20u);
    const auto refuse = [](Worker*, size_t chunk) -> Status {
      return chunk == 9 ? Failure(chunk) : OkStatus();
    };
    EXPECT_EQ(context.Parallel(kChunks, Compute, refuse).message(), "chunk 9");
  }
  EXPECT_TRUE(context.Parallel(0, Compute).ok());
}

INSTANTIATE_TEST_SUITE_P(Helpers, ParallelTest, testing::Values(1, 3, 7));

}  // namespace
}  // namespace firn::query
