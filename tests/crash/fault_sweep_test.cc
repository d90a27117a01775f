// Fails the n-th file operation for many n, once and from then on, over a workload of every
// part of the store; afterwards all acknowledged data must be there.
#include <iostream>

#include <fmt/core.h>
#include <gtest/gtest.h>

#include "tests/crash/fault_fs.h"
#include "tests/crash/store_workload.h"
#include "tests/support/soak.h"

namespace firn::storage {
namespace {

constexpr uint64_t kRounds = 6;

struct SweepRun {
  uint64_t operations = 0;
  bool fired = false;
  bool opened = false;
  bool recovered = false;  // Took writes again after the fault, without being reopened.
  uint64_t acknowledged = 0;
  std::string wrong;
};

StoreOptions SweepOptions(const ScratchDir& dir, FaultFs* faults, const Clock* clock) {
  StoreOptions options;
  options.path = (dir.path() / "data").string();
  options.block_cache_bytes = 4 << 20;
  options.journal_memtable_bytes = 64 << 10;
  options.min_free_disk_bytes = 0;
  options.clock = clock;
  options.env = faults->env();
  return options;
}

// Goes on after the fault, or closes the store with it and before it could mend anything.
enum class After { kGoOn, kClose };

// `n` 0: no fault.
SweepRun RunWithFault(uint64_t n, Fault fault, bool sticky, After after = After::kGoOn) {
  SweepRun run;
  ScratchDir dir;
  FaultFs faults;
  FakeClock clock(0);
  const StoreOptions options = SweepOptions(dir, &faults, &clock);
  StoreModel model;
  if (n > 0) faults.Arm(n, fault, sticky);
  {
    Result<std::unique_ptr<Store>> store = Store::Open(options);
    run.opened = store.ok();
    if (store.ok()) {
      uint64_t round = 0;
      for (; round < kRounds; ++round) {
        model.RunRound(store->get(), round);
        if (after == After::kClose && faults.fired() > 0) break;
        (*store)->Tick();
        clock.Advance(1000);
      }
      faults.Disarm();
      // With the fault gone, ticks bring the store back. What failed in the background may become
      // known only in a round that seems to begin well.
      for (int i = 0; after == After::kGoOn && i < 10 && !run.recovered; ++i) {
        clock.Advance(5000);
        (*store)->Tick();
        run.recovered = model.RunRound(store->get(), round++) >= 6;
        // Whoever refuses writes must say that he does.
        EXPECT_TRUE(run.recovered || !(*store)->AcceptsWrites(nullptr)) << "operation " << n;
      }
      store->reset();
    }
  }
  faults.Disarm();
  run.operations = faults.operations();
  run.fired = faults.fired() > 0;
  run.acknowledged = model.acknowledged();
  Result<std::unique_ptr<Store>> store = Store::Open(options);
  run.wrong = store.ok() ? model.Verify(store->get()) : store.status().ToString();
  return run;
}

TEST(FaultSweepTest, NothingAcknowledgedIsLostWhicheverOperationFails) {
  const SweepRun calm = RunWithFault(0, Fault::kIoError, false);
  ASSERT_EQ(calm.wrong, "");
  ASSERT_TRUE(calm.recovered);
  const int points = ScaledRuns(24);
  int fired = 0;
  int counted = 0;
  int stuck = 0;
  uint64_t offset =
      1 + SoakSeed(0) % 97;  // Another phase for each kind, so that more points are met.
  for (const Fault fault : {Fault::kIoError, Fault::kNoSpace, Fault::kHalfWritten}) {
    for (const bool sticky : {false, true}) {
      for (int i = 0; i < points; ++i) {
        const uint64_t n = offset + i * calm.operations / points;
        const SweepRun run = RunWithFault(n, fault, sticky);
        EXPECT_EQ(run.wrong, "") << "operation " << n << " fault " << static_cast<int>(fault)
                                 << (sticky ? " sticky" : " once");
        if (!run.fired) continue;
        ++fired;
        if (run.opened && run.acknowledged > 0) ++counted;
        if (run.opened && !run.recovered) {
          ++stuck;
          std::cout << "not recovered: operation " << n << " fault " << static_cast<int>(fault)
                    << (sticky ? " sticky\n" : " once\n");
        }
      }
      offset += 7;
    }
  }
  std::cout << calm.operations << " operations, " << fired << " runs with a fault, " << counted
            << " under load, " << stuck << " that needed a reopen\n";
  EXPECT_GT(counted, fired / 3);
  EXPECT_EQ(stuck, 0);
}

TEST(FaultSweepTest, NothingAcknowledgedIsLostIfTheStoreClosesWithTheFault) {
  const uint64_t operations = RunWithFault(0, Fault::kIoError, false).operations;
  const int points = ScaledRuns(24);
  int fired = 0;
  uint64_t offset = 1 + SoakSeed(0) % 89;
  for (const Fault fault : {Fault::kIoError, Fault::kHalfWritten}) {
    for (const bool sticky : {false, true}) {
      for (int i = 0; i < points; ++i) {
        const uint64_t n = offset + i * operations / points;
        const SweepRun run = RunWithFault(n, fault, sticky, After::kClose);
        EXPECT_EQ(run.wrong, "") << "operation " << n << " fault " << static_cast<int>(fault)
                                 << (sticky ? " sticky" : " once");
        fired += run.fired;
      }
      offset += 7;
    }
  }
  EXPECT_GT(fired, points);
}

// Pages of more than one block each, so that first and last key are read one after the other.
Status PublishWide(Store* store, std::string_view window) {
  FIRN_ASSIGN_OR_RETURN(std::unique_ptr<PageBatch> batch, store->NewPageBatch());
  for (int page = 0; page < 4; ++page) {
    FIRN_RETURN_IF_ERROR(
        batch->Put(fmt::format("{}/{}", window, page), std::string(20'000, 'a' + page)));
  }
  const CatalogChange changes[] = {{.key = std::string(window), .value = "here"}};
  return store->Publish(std::move(batch), changes, {});
}

// Empty if `window` is there as a whole, or, unless it was acknowledged, not at all.
std::string CheckWide(const Store& store, std::string_view window, bool acknowledged) {
  bool known = false;
  Status status = store.ScanCatalog(window, [&](std::string_view, std::string_view) {
    known = true;
    return OkStatus();
  });
  if (!status.ok()) return status.ToString();
  if (acknowledged && !known) return "the catalog does not know it";
  int found = 0;
  for (int page = 0; page < 4; ++page) {
    found += store.Pages()->Get(fmt::format("{}/{}", window, page)).ok();
  }
  return found == (known ? 4 : 0) ? "" : fmt::format("{} of 4 pages", found);
}

// False if the publication takes fewer than `n` operations.
bool PublicationIsWhole(uint64_t n, bool sticky) {
  const std::string where = fmt::format("operation {}{}", n, sticky ? " sticky" : "");
  ScratchDir dir;
  FaultFs faults;
  FakeClock clock(0);
  const StoreOptions options = SweepOptions(dir, &faults, &clock);
  bool acknowledged = false;
  {
    const Result<std::unique_ptr<Store>> store = Store::Open(options);
    EXPECT_TRUE(store.ok() && PublishWide(store->get(), "calm").ok());
    if (!store.ok()) return false;
    faults.Arm(n, Fault::kIoError, sticky);
    acknowledged = PublishWide(store->get(), "test").ok();
    faults.Disarm();
    EXPECT_EQ(CheckWide(**store, "test", acknowledged), "") << where;
  }
  const Result<std::unique_ptr<Store>> store = Store::Open(options);
  EXPECT_TRUE(store.ok()) << where << ": " << store.status().ToString();
  if (!store.ok()) return false;
  EXPECT_EQ(CheckWide(**store, "calm", true), "") << where;
  EXPECT_EQ(CheckWide(**store, "test", acknowledged), "") << where;
  return faults.fired() > 0;
}

// One operation after the other of a single publication, whichever is chosen elsewhere.
TEST(FaultSweepTest, APublicationIsWholeWhicheverOfItsOperationsFails) {
  for (const bool sticky : {false, true}) {
    uint64_t n = 1;
    while (PublicationIsWhole(n, sticky)) ++n;
    EXPECT_GT(n, 30u);
  }
}

TEST(FaultSweepTest, ReadOnlyWhileTheDiskIsLowAndBackByItself) {
  constexpr uint64_t kMiB = 1 << 20;
  ScratchDir dir;
  FaultFs faults;
  FakeClock clock(0);
  StoreOptions options = SweepOptions(dir, &faults, &clock);
  options.min_free_disk_bytes = 1000 * kMiB;
  faults.SetFreeSpace(2000 * kMiB);
  Result<std::unique_ptr<Store>> store = Store::Open(options);
  ASSERT_TRUE(store.ok());
  ASSERT_TRUE((*store)->AppendJournal("a", {}).ok());
  faults.SetFreeSpace(999 * kMiB);
  (*store)->Tick();
  std::string why;
  EXPECT_FALSE((*store)->AcceptsWrites(&why));
  EXPECT_NE(why.find("1047527424 bytes"), std::string::npos) << why;
  EXPECT_EQ((*store)->AppendJournal("b", {}).status().code(), StatusCode::kUnavailable);
  faults.SetFreeSpace(1050 * kMiB);  // Not yet: a tenth more is asked for, against flapping.
  (*store)->Tick();
  EXPECT_FALSE((*store)->AcceptsWrites(nullptr));
  faults.SetFreeSpace(1100 * kMiB);
  (*store)->Tick();
  EXPECT_TRUE((*store)->AppendJournal("c", {}).ok());
}

// RocksDB would end the process when the space runs out while it opens.
TEST(FaultSweepTest, OpensOnlyWithRoomForWhatOpeningWrites) {
  constexpr uint64_t kMiB = 1 << 20;
  ScratchDir dir;
  FaultFs faults;
  FakeClock clock(0);
  const StoreOptions options = SweepOptions(dir, &faults, &clock);
  Result<std::unique_ptr<Store>> store = Store::Open(options);
  ASSERT_TRUE(store.ok());
  ASSERT_TRUE((*store)->AppendJournal("a", {}).ok());
  store->reset();
  faults.SetFreeSpace(kMiB);
  store = Store::Open(options);
  EXPECT_EQ(store.status().code(), StatusCode::kUnavailable);
  EXPECT_NE(store.status().message().find("the disk is full"), std::string_view::npos);
  faults.SetFreeSpace(100 * kMiB);
  store = Store::Open(options);
  ASSERT_TRUE(store.ok()) << store.status().ToString();
  int entries = 0;
  EXPECT_TRUE((*store)
                  ->ReplayJournal([&](uint64_t, std::string_view) {
                    ++entries;
                    return OkStatus();
                  })
                  .ok());
  EXPECT_EQ(entries, 1);
}

TEST(FaultSweepTest, AfterAFailedSyncTheEntryIsUnacknowledgedAndWritesResume) {
  ScratchDir dir;
  FaultFs faults;
  FakeClock clock(0);
  Result<std::unique_ptr<Store>> store = Store::Open(SweepOptions(dir, &faults, &clock));
  ASSERT_TRUE(store.ok());
  ASSERT_TRUE((*store)->AppendJournal("acknowledged", {}).ok());
  faults.Arm(2, Fault::kIoError, /*sticky=*/true);  // The append works, its sync does not.
  EXPECT_EQ((*store)->AppendJournal("lost", {}).status().code(), StatusCode::kUnavailable);
  EXPECT_GT(faults.fired(), 0u);
  std::string why;
  EXPECT_FALSE((*store)->AcceptsWrites(&why));
  EXPECT_NE(why.find("injected"), std::string::npos) << why;
  (*store)->Tick();
  EXPECT_FALSE((*store)->AcceptsWrites(nullptr));
  faults.Disarm();
  clock.Advance(500);  // The pause after the last attempt is not over.
  (*store)->Tick();
  EXPECT_FALSE((*store)->AcceptsWrites(nullptr));
  clock.Advance(5000);
  (*store)->Tick();
  EXPECT_TRUE((*store)->AcceptsWrites(nullptr));
  EXPECT_EQ((*store)->Figures().resumes, 1u);
  ASSERT_TRUE((*store)->AppendJournal("after", {}).ok());
  std::string entries;
  ASSERT_TRUE((*store)
                  ->ReplayJournal([&](uint64_t, std::string_view entry) {
                    entries += std::string(entry) + " ";
                    return OkStatus();
                  })
                  .ok());
  EXPECT_EQ(entries, "acknowledged after ");
}

}  // namespace
}  // namespace firn::storage
