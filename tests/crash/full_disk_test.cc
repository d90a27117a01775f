// A disk that really fills up: a small file system in memory, which needs root to mount.
#include <sys/mount.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iostream>

#include <gtest/gtest.h>

#include "tests/crash/store_workload.h"

namespace firn::storage {
namespace {

class FullDiskTest : public testing::Test {
 protected:
  void SetUp() override {
    mount_ = (dir_.path() / "disk").string();
    std::filesystem::create_directory(mount_);
    if (mount("tmpfs", mount_.c_str(), "tmpfs", 0, "size=32m") != 0) {
      GTEST_SKIP() << "needs the right to mount";
    }
    mounted_ = true;
  }
  void TearDown() override {
    if (!mounted_) return;
    EXPECT_EQ(umount(mount_.c_str()), 0);
  }

  ScratchDir dir_;
  std::string mount_;
  bool mounted_ = false;
};

TEST_F(FullDiskTest, WritesStopReadsGoOnAndWritesComeBackWithTheSpace) {
  FakeClock clock(0);
  StoreOptions options;
  options.path = mount_ + "/data";
  options.block_cache_bytes = 4 << 20;
  options.journal_memtable_bytes = 512 << 10;
  options.min_free_disk_bytes = 4 << 20;
  options.clock = &clock;
  Result<std::unique_ptr<Store>> store = Store::Open(options);
  ASSERT_TRUE(store.ok()) << store.status().ToString();
  StoreModel model;
  uint64_t round = 0;
  for (; round < 20; ++round) ASSERT_GE(model.RunRound(store->get(), round), 6);

  // Something else takes the disk, all but what the store keeps for itself.
  const std::string ballast = mount_ + "/ballast";
  {
    std::ofstream out(ballast, std::ios::binary);
    const std::string block(64 << 10, 'x');
    while (std::filesystem::space(mount_).available > (3 << 20)) {
      ASSERT_TRUE(out.write(block.data(), static_cast<std::streamsize>(block.size())).flush());
    }
    (*store)->Tick();
  }
  int refused_rounds = 0;
  for (int i = 0; i < 20; ++i) {
    if (model.RunRound(store->get(), round++) == 0) ++refused_rounds;
    (*store)->Tick();
    clock.Advance(1000);
  }
  EXPECT_EQ(refused_rounds, 15);  // Every fourth truncates the journal, which frees space.
  std::string why;
  EXPECT_FALSE((*store)->AcceptsWrites(&why));
  EXPECT_NE(why.find("disk are free"), std::string::npos) << why;
  EXPECT_EQ(model.Verify(store->get()), "");  // All of it can still be read.

  std::filesystem::remove(ballast);
  for (int i = 0; i < 3 && !(*store)->AcceptsWrites(nullptr); ++i) {
    clock.Advance(5000);
    (*store)->Tick();
  }
  EXPECT_TRUE((*store)->AcceptsWrites(&why)) << why;
  EXPECT_GE(model.RunRound(store->get(), round++), 6);
  store->reset();
  store = Store::Open(options);
  ASSERT_TRUE(store.ok()) << store.status().ToString();
  EXPECT_EQ(model.Verify(store->get()), "");
  std::cout << refused_rounds << " rounds refused, " << model.acknowledged()
            << " acknowledged calls\n";
  store->reset();
}

}  // namespace
}  // namespace firn::storage
