#include "storage/kv/backup/repository.h"

#include <filesystem>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

namespace firn::storage {
namespace {

namespace fs = std::filesystem;

class RepositoryTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "firn_backup_XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    root_ = name;
    Put("source/CURRENT", "MANIFEST-1\n");
    Put("source/empty", "");
    Put("source/sub/000001.sst", std::string(100'000, 'a'));
    Put("source/sub/000002.sst", std::string(3'000'000, 'b'));
  }
  void TearDown() override { fs::remove_all(root_); }

  std::string Path(std::string_view name) const { return (root_ / name).string(); }
  std::string repository() const { return Path("repository"); }
  void Put(std::string_view name, std::string_view bytes) const {
    fs::create_directories((root_ / name).parent_path());
    std::ofstream(root_ / name, std::ios::binary) << bytes;
  }
  std::map<std::string, std::string> Tree(std::string_view directory) const {
    std::map<std::string, std::string> tree;
    for (const auto& file : fs::recursive_directory_iterator(root_ / directory)) {
      if (!file.is_regular_file()) continue;
      std::ostringstream text;
      text << std::ifstream(file.path(), std::ios::binary).rdbuf();
      tree[file.path().lexically_relative(root_ / directory).string()] =
          file.file_size() == 0 ? "" : text.str();
    }
    return tree;
  }
  Result<BackupInfo> Add(TimestampMs time) const {
    return AddBackup(Path("source"), repository(), time, none_);
  }

  fs::path root_;
  const BackupProgress none_ = [](uint64_t) {};
};

TEST_F(RepositoryTest, BringsBackEveryBackupAndKeepsEqualFilesOnce) {
  const auto first = Add(1'769'903'999'123);
  ASSERT_TRUE(first.ok()) << first.status().ToString();
  EXPECT_EQ(first->id, "20260131T235959.123Z");
  EXPECT_EQ(first->files, 4u);
  EXPECT_EQ(first->new_files, 4u);
  const auto before = Tree("source");
  Put("source/CURRENT", "MANIFEST-2\n");
  fs::remove(root_ / "source/sub/000001.sst");
  const auto second = Add(1'769'904'000'000);
  ASSERT_TRUE(second.ok());
  EXPECT_EQ(second->files, 3u);
  EXPECT_EQ(second->new_files, 1u);
  EXPECT_EQ(second->new_bytes, 11u);
  const auto list = ListBackups(repository());
  ASSERT_TRUE(list.ok());
  ASSERT_EQ(list->size(), 2u);
  EXPECT_EQ((*list)[1].bytes, 3'000'011u);
  ASSERT_TRUE(RestoreBackup(repository(), first->id, Path("old"), none_).ok());
  EXPECT_EQ(Tree("old"), before);
  ASSERT_TRUE(RestoreBackup(repository(), "", Path("new"), none_).ok());
  EXPECT_EQ(Tree("new"), Tree("source"));
}

TEST_F(RepositoryTest, RefusesWhatWouldOverwrite) {
  ASSERT_TRUE(Add(1000).ok());
  EXPECT_EQ(Add(1000).status().code(), StatusCode::kInvalidArgument);
  Put("target/file", "precious");
  EXPECT_EQ(RestoreBackup(repository(), "", Path("target"), none_).status().code(),
            StatusCode::kInvalidArgument);
  EXPECT_EQ(Tree("target").size(), 1u);
  fs::create_directories(root_ / "vacant");
  EXPECT_TRUE(RestoreBackup(repository(), "", Path("vacant"), none_).ok());
}

TEST_F(RepositoryTest, EveryDamagedByteIsNoticed) {
  ASSERT_TRUE(Add(1000).ok());
  int checked = 0;
  for (const auto& file : fs::recursive_directory_iterator(repository())) {
    if (!file.is_regular_file() || file.file_size() == 0) continue;
    const uint64_t size = file.file_size();
    for (uint64_t at = 0; at < size; at += 1 + size / 40) {
      std::fstream stream(file.path(), std::ios::binary | std::ios::in | std::ios::out);
      stream.seekg(static_cast<std::streamoff>(at));
      const char old = static_cast<char>(stream.get());
      const auto put = [&](char c) {
        stream.seekp(static_cast<std::streamoff>(at));
        stream.put(c).flush();
      };
      put(static_cast<char>(old ^ 4));
      EXPECT_EQ(VerifyBackup(repository(), "", none_).status().code(), StatusCode::kCorruption)
          << file.path() << " at " << at;
      EXPECT_FALSE(RestoreBackup(repository(), "", Path("back"), none_).ok());
      EXPECT_FALSE(fs::exists(root_ / "back"));
      put(old);
      ++checked;
    }
  }
  EXPECT_GT(checked, 100);
  EXPECT_TRUE(VerifyBackup(repository(), "", none_).ok());
}

TEST_F(RepositoryTest, NamesMissingFilesAndBackups) {
  ASSERT_TRUE(Add(1000).ok());
  EXPECT_EQ(VerifyBackup(repository(), "19990101T000000.000Z", none_).status().code(),
            StatusCode::kNotFound);
  EXPECT_EQ(ListBackups(Path("source")).status().code(), StatusCode::kNotFound);
  for (const auto& file : fs::directory_iterator(repository() + "/files")) {
    if (file.file_size() == 3'000'000) fs::remove(file.path());
  }
  const Status status = VerifyBackup(repository(), "", none_).status();
  EXPECT_NE(status.message().find("sub/000002.sst (missing)"), std::string::npos)
      << status.ToString();
  // The next backup has the file to give.
  ASSERT_TRUE(Add(2000).ok());
  EXPECT_TRUE(VerifyBackup(repository(), "", none_).ok());
}

TEST_F(RepositoryTest, PruningLeavesWhatTheNewestNeed) {
  for (TimestampMs time = 1000; time <= 4000; time += 1000) {
    Put("source/CURRENT", std::to_string(time));
    ASSERT_TRUE(Add(time).ok());
  }
  const auto removed = PruneBackups(repository(), 2);
  ASSERT_TRUE(removed.ok());
  EXPECT_EQ(*removed, 2u);
  const auto list = ListBackups(repository());
  ASSERT_EQ(list->size(), 2u);
  for (const BackupInfo& backup : *list) {
    EXPECT_TRUE(VerifyBackup(repository(), backup.id, none_).ok());
  }
  EXPECT_EQ(Tree("repository/files").size(), 5u);  // Three that all share, and one for each.
  EXPECT_EQ(*PruneBackups(repository(), 5), 0u);
}

}  // namespace
}  // namespace firn::storage
