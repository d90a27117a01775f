#include "base/thread_pool.h"

#include <pthread.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "base/mutex.h"

namespace firn {
namespace {

// Opened once; whoever waits before that is held.
class Latch {
 public:
  void Open() {
    MutexLock lock(&mutex_);
    open_ = true;
    changed_.NotifyAll();
  }
  void Wait() {
    MutexLock lock(&mutex_);
    while (!open_) changed_.Wait(&mutex_);
  }

 private:
  Mutex mutex_;
  CondVar changed_;
  bool open_ ABSL_GUARDED_BY(mutex_) = false;
};

TEST(ThreadPool, DestructionRunsWhatWasSubmitted) {
  std::atomic<int> done = 0;
  {
    ThreadPool pool(3, "test");
    EXPECT_EQ(pool.size(), 3u);
    for (int i = 0; i < 1000; ++i) pool.Submit([&] { ++done; });
  }
  EXPECT_EQ(done, 1000);
}

TEST(ThreadPool, OneThreadKeepsTheOrder) {
  std::vector<int> order;
  {
    ThreadPool pool(1, "test");
    for (int i = 0; i < 100; ++i) pool.Submit([&order, i] { order.push_back(i); });
  }
  ASSERT_EQ(order.size(), 100u);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(order[static_cast<size_t>(i)], i);
}

TEST(ThreadPool, TasksRunSideBySide) {
  ThreadPool pool(2, "test");
  Latch first;
  Latch second;
  Latch done;
  // Each waits for the other: with one thread this would never end.
  pool.Submit([&] {
    first.Open();
    second.Wait();
    done.Open();
  });
  pool.Submit([&] {
    first.Wait();
    second.Open();
  });
  done.Wait();
}

TEST(ThreadPool, TrySubmitRefusesWhenTheQueueIsFull) {
  Latch started;
  Latch release;
  std::atomic<int> done = 0;
  {
    ThreadPool pool(1, "test");
    pool.Submit([&] {
      started.Open();
      release.Wait();
    });
    started.Wait();  // The thread is busy and the queue empty.
    EXPECT_FALSE(pool.TrySubmit([&] { ++done; }, 0));
    EXPECT_TRUE(pool.TrySubmit([&] { ++done; }, 2));
    EXPECT_TRUE(pool.TrySubmit([&] { ++done; }, 2));
    EXPECT_FALSE(pool.TrySubmit([&] { ++done; }, 2));
    // Submit has no limit.
    pool.Submit([&] { ++done; });
    release.Open();
  }
  EXPECT_EQ(done, 3);
}

TEST(ThreadPool, WhoEntersTakesThePlaceOfAThread) {
  Latch started;
  Latch release;
  std::atomic<int> done = 0;
  ThreadPool pool(2, "test");
  ASSERT_TRUE(pool.TryEnter(2));
  EXPECT_FALSE(pool.TryEnter(1));
  pool.Submit([&] {
    started.Open();
    release.Wait();
    ++done;
  });
  started.Wait();
  EXPECT_FALSE(pool.TryEnter(3));
  // One thread is idle, and yet this waits.
  pool.Submit([&] { ++done; });
  EXPECT_FALSE(pool.TrySubmit([&] { ++done; }, 1));
  EXPECT_EQ(done, 0);
  Latch ran;
  pool.Submit([&] { ran.Open(); });
  pool.Leave();
  ran.Wait();
  EXPECT_EQ(done, 1);
  release.Open();
}

TEST(ThreadPool, DestructionWaitsForWhoEntered) {
  // Whichever of the two comes first.
  for (size_t round = 0; round < 300; ++round) {
    std::atomic<int> done = 0;
    std::thread guest;
    {
      ThreadPool pool(1 + round % 3, "test");
      ASSERT_TRUE(pool.TryEnter(1));
      for (int i = 0; i < 5; ++i) pool.Submit([&] { ++done; });
      guest = std::thread([&] {
        for (size_t i = 0; i < round; ++i) std::this_thread::yield();
        done += 100;
        pool.Leave();
      });
    }
    EXPECT_EQ(done, 105);
    guest.join();
  }
}

TEST(ThreadPool, TasksMaySubmitTasks) {
  std::atomic<int> done = 0;
  Latch all;
  ThreadPool pool(2, "test");
  std::function<void(int)> spawn = [&](int depth) {
    if (depth == 0) {
      if (++done == 64) all.Open();
      return;
    }
    for (int i = 0; i < 2; ++i) pool.Submit([&spawn, depth] { spawn(depth - 1); });
  };
  pool.Submit([&] { spawn(6); });
  all.Wait();
  EXPECT_EQ(done, 64);
}

TEST(ThreadPool, TakesTasksFromManyThreads) {
  std::atomic<int> accepted = 0;
  std::atomic<int> done = 0;
  {
    ThreadPool pool(2, "test");
    std::vector<std::thread> senders;
    for (int s = 0; s < 4; ++s) {
      senders.emplace_back([&] {
        for (int i = 0; i < 500; ++i) accepted += pool.TrySubmit([&] { ++done; }, 100) ? 1 : 0;
      });
    }
    for (std::thread& sender : senders) sender.join();
  }
  EXPECT_EQ(done, accepted);
  EXPECT_GE(accepted, 100);
}

// While a task waits the thread exists for certain.
TEST(ThreadPool, CutsNamesToWhatTheSystemTakes) {
  std::string name(32, '\0');
  Latch named;
  Latch asked;
  {
    ThreadPool pool(1, "firn-with-a-very-long-name");
    pool.Submit([&] {
      named.Wait();
      pthread_getname_np(pthread_self(), name.data(), name.size());
      asked.Open();
    });
    // The constructor has returned, so the name is set.
    named.Open();
    asked.Wait();
  }
  EXPECT_STREQ(name.c_str(), "firn-with-a-ver");
}

}  // namespace
}  // namespace firn
