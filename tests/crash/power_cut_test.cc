// Stops the store at a random file operation, takes from the disk what was not synced, and
// opens it again.
#include <iostream>

#include <gtest/gtest.h>

#include "base/hash.h"
#include "tests/crash/fault_fs.h"
#include "tests/crash/store_workload.h"
#include "tests/support/soak.h"

namespace firn::storage {
namespace {

TEST(PowerCutTest, AcknowledgedDataSurvivesTheLossOfAllThatWasNotSynced) {
  const int cuts = ScaledRuns(120);
  uint64_t acknowledged = 0;
  int under_load = 0;
  uint64_t seed = SoakSeed(1);
  for (int done = 0; done < cuts;) {
    // One directory lives through several cuts.
    ScratchDir dir;
    FaultFs faults;
    FakeClock clock(0);
    StoreOptions options;
    options.path = (dir.path() / "data").string();
    options.block_cache_bytes = 4 << 20;
    options.journal_memtable_bytes = 64 << 10;
    options.min_free_disk_bytes = 0;
    options.clock = &clock;
    options.env = faults.env();
    StoreModel model;
    uint64_t round = 0;
    for (int life = 0; life < 8; ++life, ++done, ++seed) {
      const uint64_t before = model.acknowledged();
      // Some cuts fall into opening.
      faults.Arm(1 + Xxh3(std::to_string(seed)) % 900, Fault::kHalfWritten, /*sticky=*/true);
      {
        Result<std::unique_ptr<Store>> store = Store::Open(options);
        if (store.ok()) {
          const std::string wrong = model.Verify(store->get());
          ASSERT_TRUE(faults.fired() > 0 || wrong.empty()) << "seed " << seed << ": " << wrong;
          for (int i = 0; i < 200; ++i) {
            if (model.RunRound(store->get(), round++) == 0) break;
            (*store)->Tick();
          }
        }
      }
      if (model.acknowledged() > before) ++under_load;
      faults.Disarm();
      faults.CutPower(seed);
      Result<std::unique_ptr<Store>> store = Store::Open(options);
      ASSERT_TRUE(store.ok()) << "seed " << seed << ": " << store.status().ToString();
      ASSERT_EQ(model.Verify(store->get()), "") << "seed " << seed;
    }
    acknowledged += model.acknowledged();
  }
  std::cout << cuts << " power cuts, " << under_load << " under load, " << acknowledged
            << " acknowledged calls\n";
  EXPECT_GT(under_load, cuts / 2);
}

}  // namespace
}  // namespace firn::storage
