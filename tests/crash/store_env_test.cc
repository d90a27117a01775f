#include "storage/kv/environment/store_env.h"

#include <gtest/gtest.h>
#include <rocksdb/env.h>
#include <rocksdb/file_system.h>
#include <rocksdb/options.h>
#include <rocksdb/sst_file_reader.h>
#include <rocksdb/sst_file_writer.h>

#include "tests/crash/fault_fs.h"
#include "tests/crash/store_workload.h"

namespace firn::storage {
namespace {

class StoreEnvTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(fs()->CreateDir(staging_, {}, nullptr).ok()); }

  rocksdb::FileSystem* fs() { return env_.env()->GetFileSystem().get(); }
  std::string Path(const std::string& name) const { return (dir_.path() / name).string(); }
  rocksdb::Options Options() {
    rocksdb::Options options;
    options.env = env_.env();
    return options;
  }

  void WriteTable(const std::string& path) {
    rocksdb::SstFileWriter writer(rocksdb::EnvOptions(), Options());
    ASSERT_TRUE(writer.Open(path).ok());
    for (int i = 100; i < 999; ++i) {
      ASSERT_TRUE(writer.Put("key" + std::to_string(i), std::string(100, 'v')).ok());
    }
    ASSERT_TRUE(writer.Finish().ok());
  }
  rocksdb::Status ReadByte(const std::string& path) {
    std::unique_ptr<rocksdb::FSRandomAccessFile> file;
    rocksdb::IOStatus status = fs()->NewRandomAccessFile(path, {}, &file, nullptr);
    if (!status.ok()) return status;
    char scratch = 0;
    rocksdb::Slice bytes;
    return file->Read(0, 1, {}, &bytes, &scratch, nullptr);
  }
  bool Exists(const std::string& path) { return fs()->FileExists(path, {}, nullptr).ok(); }
  bool Delete(const std::string& path) { return fs()->DeleteFile(path, {}, nullptr).ok(); }

  ScratchDir dir_;
  const std::string staging_ = Path("staging");
  const std::string table_ = staging_ + "/000001.sst";
  FaultFs faults_;
  StoreEnv env_{faults_.env(), staging_};
};

TEST_F(StoreEnvTest, ATableThatCouldNotBeReadIsNeitherLinkedNorCopied) {
  WriteTable(table_);
  faults_.Arm(2, Fault::kIoError, /*sticky=*/false);  // The file is opened, not read.
  EXPECT_FALSE(ReadByte(table_).ok());
  EXPECT_EQ(faults_.fired(), 1u);
  EXPECT_TRUE(ReadByte(table_).ok());
  EXPECT_FALSE(fs()->LinkFile(table_, Path("000007.sst"), {}, nullptr).ok());
  EXPECT_FALSE(Exists(Path("000007.sst")));
  std::unique_ptr<rocksdb::FSSequentialFile> copied;
  EXPECT_FALSE(fs()->NewSequentialFile(table_, {}, &copied, nullptr).ok());

  ASSERT_TRUE(Delete(table_));
  WriteTable(table_);
  EXPECT_TRUE(fs()->LinkFile(table_, Path("000007.sst"), {}, nullptr).ok());
}

TEST_F(StoreEnvTest, EndsThatAreHeldNeedNoDisk) {
  WriteTable(table_);
  ASSERT_TRUE(env_.HoldEnds(table_, Options()).ok());
  rocksdb::SstFileReader reader(Options());
  ASSERT_TRUE(reader.Open(table_).ok());
  const std::unique_ptr<rocksdb::Iterator> it(reader.NewIterator({}));
  faults_.Arm(1, Fault::kIoError, /*sticky=*/true);
  it->SeekToFirst();
  ASSERT_TRUE(it->Valid());
  EXPECT_EQ(it->key(), "key100");
  it->SeekToLast();
  ASSERT_TRUE(it->Valid());
  EXPECT_EQ(it->key(), "key998");
  EXPECT_EQ(faults_.fired(), 0u);
  it->Seek("key500");
  EXPECT_FALSE(it->Valid());
  EXPECT_TRUE(it->status().IsIOError());
}

TEST_F(StoreEnvTest, EndsThatCanNotBeReadAreAnError) {
  WriteTable(table_);
  faults_.Arm(3, Fault::kIoError, /*sticky=*/true);
  EXPECT_EQ(env_.HoldEnds(table_, Options()).code(), StatusCode::kIo);
}

TEST_F(StoreEnvTest, NoTableGoesWhileTheManifestIsInDoubt) {
  WriteTable(table_);
  WriteTable(Path("000002.sst"));
  WriteTable(Path("000003.sst"));
  std::unique_ptr<rocksdb::FSWritableFile> manifest;
  ASSERT_TRUE(fs()->NewWritableFile(Path("MANIFEST-000004"), {}, &manifest, nullptr).ok());
  ASSERT_TRUE(manifest->Append("record", {}, nullptr).ok());
  EXPECT_TRUE(Delete(Path("000002.sst")));
  faults_.Arm(1, Fault::kIoError, /*sticky=*/false);
  EXPECT_FALSE(manifest->Sync({}, nullptr).ok());
  EXPECT_FALSE(Delete(Path("000003.sst")));
  EXPECT_TRUE(Exists(Path("000003.sst")));
  EXPECT_TRUE(Delete(table_));
  EXPECT_TRUE(Delete(Path("MANIFEST-000004")));

  std::unique_ptr<rocksdb::FSWritableFile> current;
  ASSERT_TRUE(fs()->NewWritableFile(Path("000005.dbtmp"), {}, &current, nullptr).ok());
  ASSERT_TRUE(fs()->RenameFile(Path("000005.dbtmp"), Path("CURRENT"), {}, nullptr).ok());
  EXPECT_TRUE(Delete(Path("000003.sst")));
}

// As RocksDB does it: the new MANIFEST, a file that names it, its new name CURRENT.
TEST_F(StoreEnvTest, APowerCutLeavesTheManifestThatCurrentNames) {
  const auto write = [&](const std::string& name, const std::string& text) {
    std::unique_ptr<rocksdb::FSWritableFile> file;
    EXPECT_TRUE(fs()->NewWritableFile(Path(name), {}, &file, nullptr).ok());
    EXPECT_TRUE(file->Append(text, {}, nullptr).ok() && file->Sync({}, nullptr).ok());
  };
  int current = 0;
  for (uint64_t seed = 0; seed < 40; ++seed) {
    write("MANIFEST-000004", "record");
    write("000004.dbtmp", "MANIFEST-000004");
    ASSERT_TRUE(fs()->RenameFile(Path("000004.dbtmp"), Path("CURRENT"), {}, nullptr).ok());
    faults_.CutPower(seed);
    current += Exists(Path("CURRENT")) ? 1 : 0;
    EXPECT_TRUE(!Exists(Path("CURRENT")) || Exists(Path("MANIFEST-000004"))) << seed;
    Delete(Path("CURRENT"));
    Delete(Path("MANIFEST-000004"));
  }
  EXPECT_GT(current, 5);
  EXPECT_LT(current, 35);

  write("MANIFEST-000004", "record");
  write("000004.dbtmp", "MANIFEST-000004");
  faults_.Arm(1, Fault::kIoError, /*sticky=*/true);
  EXPECT_FALSE(fs()->RenameFile(Path("000004.dbtmp"), Path("CURRENT"), {}, nullptr).ok());
  EXPECT_FALSE(Exists(Path("CURRENT")));
}

TEST_F(StoreEnvTest, TheManifestThatCurrentNamesIsNotDeleted) {
  const auto write = [&](const std::string& name, const std::string& text) {
    std::unique_ptr<rocksdb::FSWritableFile> file;
    EXPECT_TRUE(fs()->NewWritableFile(Path(name), {}, &file, nullptr).ok());
    EXPECT_TRUE(file->Append(text, {}, nullptr).ok() && file->Sync({}, nullptr).ok());
  };
  write("MANIFEST-000004", "record");
  write("MANIFEST-0000041", "record");
  EXPECT_TRUE(Delete(Path("MANIFEST-0000041")));  // There is no CURRENT.
  write("CURRENT", "MANIFEST-000004\n");
  write("MANIFEST-000007", "record");
  write("000007.dbtmp", "MANIFEST-000007\n");
  faults_.Arm(2, Fault::kIoError, /*sticky=*/false);  // The directory is synced, CURRENT not moved.
  EXPECT_FALSE(fs()->RenameFile(Path("000007.dbtmp"), Path("CURRENT"), {}, nullptr).ok());
  EXPECT_EQ(faults_.fired(), 1u);
  EXPECT_FALSE(Delete(Path("MANIFEST-000004")));
  EXPECT_TRUE(Exists(Path("MANIFEST-000004")));

  faults_.Arm(1, Fault::kIoError, /*sticky=*/true);  // Not known what it names.
  EXPECT_FALSE(Delete(Path("MANIFEST-000007")));
  faults_.Disarm();
  EXPECT_TRUE(Exists(Path("MANIFEST-000007")));

  ASSERT_TRUE(fs()->RenameFile(Path("000007.dbtmp"), Path("CURRENT"), {}, nullptr).ok());
  EXPECT_TRUE(Delete(Path("MANIFEST-000004")));
  EXPECT_FALSE(Delete(Path("MANIFEST-000007")));
}

}  // namespace
}  // namespace firn::storage
