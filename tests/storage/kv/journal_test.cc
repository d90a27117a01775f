#include <atomic>
#include <chrono>
#include <mutex>
#include <thread>

#include "tests/storage/kv/store_fixture.h"

namespace firn::storage {
namespace {

class JournalTest : public StoreFixture {};

TEST_F(JournalTest, ReplaysInTheOrderOfTheCallsAfterReopening) {
  Open();
  EXPECT_FALSE(store_->recovery().degraded);
  Entries want;
  for (int i = 0; i < 100; ++i) {
    const std::string entry = "entry " + std::to_string(i);
    want.emplace_back(Append(entry), entry);
    EXPECT_GT(want[i].first, i == 0 ? 0 : want[i - 1].first);
  }
  EXPECT_EQ(Journal(), want);
  ASSERT_TRUE(store_->Close().ok());
  Open();
  EXPECT_TRUE(store_->recovery().clean_shutdown);
  EXPECT_FALSE(store_->recovery().degraded) << store_->recovery().text;
  EXPECT_EQ(Journal(), want);
  EXPECT_GT(Append("next"), want.back().first);
}

TEST_F(JournalTest, SeriesDefinitionsComeWithTheirEntry) {
  Open();
  Append("a", {{7, "seven"}, {300, "three hundred"}});
  Append("b", {{8, "eight"}});
  Open();
  const std::map<uint64_t, std::string> want = {{7, "seven"}, {8, "eight"}, {300, "three hundred"}};
  EXPECT_EQ(Series(), want);
  const uint64_t gone[] = {7, 300};
  ASSERT_TRUE(store_->DeleteSeries(gone).ok());
  Open();
  EXPECT_EQ(Series(), (std::map<uint64_t, std::string>{{8, "eight"}}));
}

TEST_F(JournalTest, StopsReplayAtTheFirstErrorOfTheVisitor) {
  Open();
  for (int i = 0; i < 5; ++i) Append("x");
  int visited = 0;
  const Status status = store_->ReplayJournal([&](uint64_t, std::string_view) {
    return ++visited == 3 ? Cancelled("enough") : OkStatus();
  });
  EXPECT_EQ(status.code(), StatusCode::kCancelled);
  EXPECT_EQ(visited, 3);
}

TEST_F(JournalTest, TruncationSurvivesReopeningAndNumbersAreNotReused) {
  Open();
  for (int i = 0; i < 10; ++i) Append("old");
  const uint64_t kept = Append("kept");
  ASSERT_TRUE(store_->TruncateJournal(kept).ok());
  EXPECT_EQ(Journal(), (Entries{{kept, "kept"}}));
  ASSERT_TRUE(store_->TruncateJournal(kept - 5).ok());  // Never backwards.
  EXPECT_EQ(Journal().size(), 1u);
  ASSERT_TRUE(store_->TruncateJournal(kept + 1).ok());
  EXPECT_TRUE(Journal().empty());
  Open();
  EXPECT_TRUE(Journal().empty());
  EXPECT_GE(store_->next_journal_number(), kept + 1);
  EXPECT_GE(Append("later"), kept + 1);
}

TEST_F(JournalTest, TruncationFreesSpaceOnDiskAndLogsStayBounded) {
  Open();
  // 40 times the memtable.
  for (int i = 0; i < 400; ++i) Append(Noise(i, 100 << 10));
  const uint64_t before = Figures("journal").table_bytes;
  EXPECT_GT(before, 30u << 20);
  EXPECT_LT(store_->Figures().wal_bytes, 8u << 20);
  EXPECT_LT(Figures("journal").memtable_bytes, 4u << 20);
  ASSERT_TRUE(store_->TruncateJournal(store_->next_journal_number()).ok());
  const auto on_disk = [&] {
    uint64_t bytes = 0;
    for (const auto& file : std::filesystem::directory_iterator(options_.path)) {
      std::error_code gone;
      if (file.path().extension() == ".sst") bytes += file.file_size(gone);
    }
    return bytes;
  };
  // Tables still on their way to level 1 go with a later Tick.
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (on_disk() > 3u << 20 && std::chrono::steady_clock::now() < deadline) {
    store_->Tick();
    std::this_thread::yield();
  }
  EXPECT_LE(Figures("journal").table_bytes, 2u << 20);
  EXPECT_LE(on_disk(), 3u << 20);
}

TEST_F(JournalTest, SecondOpenOfTheDirectoryIsRefused) {
  Open();
  const Result<std::unique_ptr<Store>> second = Store::Open(options_);
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.status().code(), StatusCode::kUnavailable);
  EXPECT_NE(second.status().message().find("another firn uses this directory"),
            std::string_view::npos);
  Append("still works");
}

TEST_F(JournalTest, OpeningNothingWithoutCreateIsNotFoundAndCreatesNothing) {
  options_.create_if_missing = false;
  EXPECT_EQ(TryOpen().code(), StatusCode::kNotFound);
  EXPECT_FALSE(std::filesystem::exists(options_.path));
  std::filesystem::create_directory(options_.path);
  EXPECT_EQ(TryOpen().code(), StatusCode::kNotFound);
}

TEST_F(JournalTest, WriteModeBecomesDurableWithTick) {
  options_.ack = AckMode::kWrite;
  Open();
  Append("a");
  const uint64_t syncs = store_->Figures().wal_syncs;
  store_->Tick();
  EXPECT_EQ(store_->Figures().wal_syncs, syncs + 1);
  store_->Tick();  // Nothing new: nothing to sync.
  EXPECT_EQ(store_->Figures().wal_syncs, syncs + 1);
  Open();
  EXPECT_FALSE(store_->recovery().degraded) << store_->recovery().text;
  EXPECT_EQ(Journal().size(), 1u);
}

TEST_F(JournalTest, ConcurrentWritersShareSyncs) {
  Open();
  constexpr int kThreads = 8;
  constexpr int kEach = 100;
  std::mutex mutex;
  std::map<uint64_t, std::string> want;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      uint64_t last = 0;
      for (int i = 0; i < kEach; ++i) {
        const std::string entry = std::to_string(t) + "/" + std::to_string(i);
        const uint64_t number =
            Append(entry, {{static_cast<uint64_t>(t * kEach + i), "definition"}});
        EXPECT_GT(number, last);
        last = number;
        const std::lock_guard<std::mutex> lock(mutex);
        want.emplace(number, entry);
      }
    });
  }
  for (int i = 0; i < 20; ++i) store_->Tick();
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(want.size(), size_t{kThreads * kEach});
  const StoreFigures figures = store_->Figures();
  EXPECT_EQ(figures.journal_appends, uint64_t{kThreads * kEach});
  EXPECT_LT(figures.wal_syncs, figures.journal_appends);
  Open();
  const Entries got = Journal();
  EXPECT_EQ((std::map<uint64_t, std::string>(got.begin(), got.end())), want);
  EXPECT_EQ(Series().size(), size_t{kThreads * kEach});
}

}  // namespace
}  // namespace firn::storage
