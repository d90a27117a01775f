#include <atomic>
#include <thread>

#include "storage/kv/backup/repository.h"
#include "tests/storage/kv/store_fixture.h"

namespace firn::storage {
namespace {

class SnapshotTest : public StoreFixture {
 protected:
  std::string Path(std::string_view name) const { return (root_ / name).string(); }
  void OpenAt(const std::string& path) {
    options_.path = path;
    options_.create_if_missing = false;
    Open();
  }
};

TEST_F(SnapshotTest, HoldsWhatTheStoreHeldAndNothingOfLater) {
  Open();
  Append("first", {{7, "seven"}});
  ASSERT_TRUE(Publish({{"a", "page"}}, {{.key = "k", .value = "v"}}).ok());
  Append("second");
  const auto journal = Journal();
  ASSERT_TRUE(store_->Snapshot(Path("snapshots/one")).ok());
  Append("later");
  ASSERT_TRUE(Publish({{"b", "page"}}, {{.key = "k", .value = std::nullopt}}).ok());
  ASSERT_TRUE(Publish({}, {}, {{"a", "b"}}).ok());
  OpenAt(Path("snapshots/one"));
  EXPECT_EQ(Journal(), journal);
  EXPECT_EQ(Series(), (std::map<uint64_t, std::string>{{7, "seven"}}));
  EXPECT_EQ(Catalog(), (std::map<std::string, std::string>{{"k", "v"}}));
  EXPECT_EQ(ReadPages(), (PageMap{{"a", "page"}}));
  EXPECT_FALSE(store_->recovery().degraded);
}

TEST_F(SnapshotTest, RefusesAPathThatExistsAndReplacesARemainder) {
  Open();
  Append("entry");
  std::filesystem::create_directories(Path("taken"));
  EXPECT_EQ(store_->Snapshot(Path("taken")).code(), StatusCode::kInvalidArgument);
  std::filesystem::create_directories(Path("free.partial/left"));
  EXPECT_TRUE(store_->Snapshot(Path("free")).ok());
  EXPECT_FALSE(std::filesystem::exists(Path("free.partial")));
}

TEST_F(SnapshotTest, DamageOfASnapshotIsNoticedLikeThatOfAStore) {
  Open();
  ASSERT_TRUE(Publish({{"a", Noise(1, 3000)}}, {{.key = "k", .value = "v"}}).ok());
  ASSERT_TRUE(store_->Snapshot(Path("cut")).ok());
  store_.reset();
  for (const auto& file : std::filesystem::directory_iterator(Path("cut"))) {
    if (file.path().filename().string().starts_with("MANIFEST")) {
      std::filesystem::resize_file(file.path(), file.file_size() - 1);
    }
  }
  options_.path = Path("cut");
  EXPECT_EQ(TryOpen().code(), StatusCode::kCorruption);
}

// Each snapshot must hold a prefix of the journal, and pages exactly where the catalog says.
TEST_F(SnapshotTest, IsOfOneMomentWhileWritersGoOn) {
  options_.journal_memtable_bytes = 64 << 10;
  Open();
  std::atomic<bool> stop = false;
  std::atomic<uint64_t> acknowledged = 0;
  std::thread entries([&] {
    for (uint64_t i = 1; !stop; ++i) {
      Append(std::to_string(i) + Noise(i, 500), {{i, "series"}});
      acknowledged = i;
    }
  });
  std::thread windows([&] {
    for (int i = 0; !stop; ++i) {
      const std::string name = "w" + std::to_string(1000 + i);
      EXPECT_TRUE(Publish({{name, name}}, {{.key = name, .value = name}}).ok());
    }
  });
  constexpr int kSnapshots = 8;
  std::vector<uint64_t> known;
  for (int i = 0; i < kSnapshots; ++i) {
    const uint64_t wanted = acknowledged + 20;
    while (acknowledged < wanted) std::this_thread::yield();
    known.push_back(acknowledged);
    const Status status = store_->Snapshot(Path("s" + std::to_string(i)));
    EXPECT_TRUE(status.ok()) << status.ToString();
  }
  stop = true;
  entries.join();
  windows.join();
  for (int i = 0; i < kSnapshots; ++i) {
    OpenAt(Path("s" + std::to_string(i)));
    EXPECT_FALSE(store_->recovery().degraded) << store_->recovery().text;
    const Entries journal = Journal();
    EXPECT_GE(journal.size(), known[i]);
    for (size_t n = 0; n < journal.size(); ++n) {
      ASSERT_TRUE(journal[n].second.starts_with(std::to_string(n + 1)));
    }
    EXPECT_GE(Series().size(), journal.size());
    EXPECT_EQ(ReadPages(), Catalog());
  }
}

TEST_F(SnapshotTest, GoesThroughARepositoryAndBack) {
  Open();
  for (int i = 0; i < 5; ++i) {
    const std::string name = "w" + std::to_string(i);
    ASSERT_TRUE(Publish({{name, Noise(i, 20000)}}, {{.key = name, .value = "x"}}).ok());
  }
  const auto none = [](uint64_t) {};
  ASSERT_TRUE(store_->Snapshot(Path("one")).ok());
  const auto first = AddBackup(Path("one"), Path("repository"), 1000, none);
  ASSERT_TRUE(first.ok()) << first.status().ToString();
  const PageMap pages = ReadPages();
  ASSERT_TRUE(Publish({{"w9", "page"}}, {{.key = "w9", .value = "x"}}).ok());
  ASSERT_TRUE(store_->Snapshot(Path("two")).ok());
  const auto second = AddBackup(Path("two"), Path("repository"), 2000, none);
  ASSERT_TRUE(second.ok()) << second.status().ToString();
  // The large tables of the first are not there twice.
  EXPECT_LT(second->new_bytes, first->new_bytes / 2);
  ASSERT_TRUE(RestoreBackup(Path("repository"), first->id, Path("back"), none).ok());
  OpenAt(Path("back"));
  EXPECT_EQ(ReadPages(), pages);
  EXPECT_FALSE(store_->recovery().degraded);
}

}  // namespace
}  // namespace firn::storage
