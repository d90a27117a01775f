#include <algorithm>
#include <chrono>
#include <thread>

#include <rocksdb/db.h>

#include "tests/storage/kv/store_fixture.h"
#include "tests/support/copy_at_rest.h"

namespace firn::storage {
namespace {

class PublishTest : public StoreFixture {
 protected:
  static CatalogChange Set(std::string key, std::string value) {
    return {.key = std::move(key), .value = std::move(value)};
  }
  static CatalogChange Remove(std::string key) { return {.key = std::move(key), .value = {}}; }

  // Files under the staging folder.
  size_t Staged() const {
    size_t files = 0;
    for ([[maybe_unused]] const auto& file :
         std::filesystem::directory_iterator(options_.path + "/staging")) {
      ++files;
    }
    return files;
  }

  // The tables of a family of the store, which is closed.
  std::vector<rocksdb::LiveFileMetaData> CloseAndList(const std::string& family) {
    EXPECT_TRUE(store_->Close().ok());
    store_.reset();
    std::vector<std::string> names;
    EXPECT_TRUE(rocksdb::DB::ListColumnFamilies({}, options_.path, &names).ok());
    std::vector<rocksdb::ColumnFamilyDescriptor> families;
    for (const std::string& name : names) families.push_back({name, {}});
    std::vector<rocksdb::ColumnFamilyHandle*> handles;
    rocksdb::DB* opened = nullptr;
    EXPECT_TRUE(rocksdb::DB::OpenForReadOnly({}, options_.path, families, &handles, &opened).ok());
    const std::unique_ptr<rocksdb::DB> db(opened);
    std::vector<rocksdb::LiveFileMetaData> files;
    db->GetLiveFilesMetaData(&files);
    for (rocksdb::ColumnFamilyHandle* const handle : handles) {
      EXPECT_TRUE(db->DestroyColumnFamilyHandle(handle).ok());
    }
    std::erase_if(files, [&](const auto& file) { return file.column_family_name != family; });
    return files;
  }
};

TEST_F(PublishTest, PagesAndCatalogAppearTogetherAndStay) {
  Open();
  const PageMap pages = {{"w1/a", "page a"}, {"w1/b", Noise(1, 100'000)}};
  ASSERT_TRUE(Publish(pages, {Set("window/1", "two pages"), Set("other", "x")}).ok());
  EXPECT_EQ(ReadPages(), pages);
  EXPECT_EQ(Catalog("window/"), (std::map<std::string, std::string>{{"window/1", "two pages"}}));
  EXPECT_EQ(Catalog().size(), 2u);
  EXPECT_EQ(Staged(), 0u);
  Open();
  EXPECT_EQ(ReadPages(), pages);
  const Result<PinnedPage> page = store_->Pages()->Get("w1/b");
  ASSERT_TRUE(page.ok());
  EXPECT_EQ(page->bytes, pages.at("w1/b"));
  EXPECT_EQ(store_->Pages()->Get("w1/c").status().code(), StatusCode::kNotFound);
  EXPECT_EQ(Catalog().size(), 2u);
}

// RocksDB may miss what a record replaces if a compaction ends just then. So nothing is left to
// what it finds: even where there is nothing to replace, records go on top and are the newest.
TEST_F(PublishTest, RecordsAreOnTopWhateverTheyReplace) {
  Open();
  ASSERT_TRUE(Publish({{"w1/a", "page"}}, {Set("window/1", "one"), Set("window/2", "two")}).ok());
  const std::vector<rocksdb::LiveFileMetaData> files = CloseAndList("catalog");
  EXPECT_EQ(files.size(), 2u);
  for (const rocksdb::LiveFileMetaData& file : files) {
    EXPECT_EQ(file.level, 0);
    EXPECT_GT(file.smallest_seqno, 0u);
  }
}

// RocksDB does not compact pages by itself, lest a compaction ends while others are ingested.
TEST_F(PublishTest, TablesOfPagesDoNotPileUpAtTheTop) {
  Open();
  PageMap want = {{"w1/a", "0"}, {"w1/b", Noise(0, 1000)}};
  ASSERT_TRUE(Publish(want, {}).ok());
  // As long as somebody reads what is replaced its space is not freed.
  std::shared_ptr<const PageSource> reader = store_->Pages();
  for (int i = 1; i < 30; ++i) {
    ASSERT_TRUE(Publish({}, {}, {{"w1/", "w1~"}}).ok());
    want = {{"w1/a", std::to_string(i)}, {"w1/b", Noise(i, 1000)}};
    ASSERT_TRUE(Publish(want, {}).ok());
  }
  EXPECT_EQ(ReadPages(), want);
  EXPECT_EQ(reader->Get("w1/a")->bytes, "0");
  reader.reset();
  const std::vector<rocksdb::LiveFileMetaData> files = CloseAndList("pages");
  EXPECT_LT(std::count_if(files.begin(), files.end(), [](const auto& f) { return f.level == 0; }),
            4);
  Open();
  EXPECT_EQ(ReadPages(), want);
}

TEST_F(PublishTest, ScanKeepsToItsRange) {
  Open();
  ASSERT_TRUE(Publish({{"a", "1"}, {"b", "2"}, {"c", "3"}}, {}).ok());
  std::string keys;
  ASSERT_TRUE(store_->Pages()
                  ->Scan("b", "c",
                         [&](std::string_view key, PinnedPage) {
                           keys += key;
                           return OkStatus();
                         })
                  .ok());
  EXPECT_EQ(keys, "b");
}

TEST_F(PublishTest, KeysMustAscend) {
  Open();
  Result<std::unique_ptr<PageBatch>> batch = store_->NewPageBatch();
  ASSERT_TRUE(batch.ok());
  ASSERT_TRUE((*batch)->Put("b", "x").ok());
  EXPECT_EQ((*batch)->Put("b", "x").code(), StatusCode::kInvalidArgument);
  EXPECT_EQ((*batch)->Put("a", "x").code(), StatusCode::kInvalidArgument);
  EXPECT_TRUE((*batch)->Put("c", "x").ok());
}

TEST_F(PublishTest, DroppedBatchLeavesNothing) {
  Open();
  {
    Result<std::unique_ptr<PageBatch>> batch = store_->NewPageBatch();
    ASSERT_TRUE(batch.ok());
    ASSERT_TRUE((*batch)->Put("a", "x").ok());
    EXPECT_EQ(Staged(), 1u);
  }
  EXPECT_EQ(Staged(), 0u);
  EXPECT_TRUE(ReadPages().empty());
}

TEST_F(PublishTest, RepeatingIsHarmless) {
  Open();
  const PageMap pages = {{"w1/a", "A"}, {"w1/b", "B"}};
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(Publish(pages, {Set("window/1", "v")}).ok());
    EXPECT_EQ(ReadPages(), pages);
    if (i % 2 == 0) Open();
  }
  // The replacement of older content under the same keys, with the range dropped first.
  const PageMap newer = {{"w1/a", "A2"}};
  ASSERT_TRUE(Publish(newer, {Set("window/1", "v2")}, {{"w1/", "w1~"}}).ok());
  EXPECT_EQ(ReadPages(), newer);
  store_->Tick();
  EXPECT_EQ(ReadPages(), newer);
  Open();
  store_->Tick();
  EXPECT_EQ(ReadPages(), newer);
}

TEST_F(PublishTest, MergeDropsWhatItReplacesInOneStep) {
  Open();
  ASSERT_TRUE(Publish({{"w1/a", "1"}}, {Set("window/1", "")}).ok());
  ASSERT_TRUE(Publish({{"w2/a", "2"}}, {Set("window/2", "")}).ok());
  ASSERT_TRUE(Publish({{"w3/a", "3"}}, {Set("window/3", "")}).ok());
  ASSERT_TRUE(Publish({{"m1/a", "12"}},
                      {Set("merged/1", ""), Remove("window/1"), Remove("window/2")},
                      {{"w1/", "w1~"}, {"w2/", "w2~"}})
                  .ok());
  const PageMap want = {{"m1/a", "12"}, {"w3/a", "3"}};
  EXPECT_EQ(ReadPages(), want);
  EXPECT_EQ(Figures("pages").table_files, 2u);  // Freed at once: nobody reads.
  EXPECT_EQ(Catalog(), (std::map<std::string, std::string>{{"merged/1", ""}, {"window/3", ""}}));
  Open();
  EXPECT_EQ(ReadPages(), want);
}

TEST_F(PublishTest, OpenSourceKeepsReadingDroppedPagesAndThenSpaceIsFreed) {
  Open();
  const PageMap old_pages = {{"w1/a", Noise(1, 1 << 20)}, {"w1/b", Noise(2, 1 << 20)}};
  ASSERT_TRUE(Publish(old_pages, {Set("window/1", "")}).ok());
  std::shared_ptr<const PageSource> reader = store_->Pages();
  ASSERT_TRUE(Publish({}, {Remove("window/1")}, {{"w1/", "w1~"}}).ok());
  EXPECT_TRUE(ReadPages().empty());
  store_->Tick();
  EXPECT_EQ(ReadPages(*reader), old_pages);
  EXPECT_GT(Figures("pages").table_bytes, 2u << 20);
  Result<PinnedPage> pinned = reader->Get("w1/a");
  ASSERT_TRUE(pinned.ok());
  reader.reset();
  store_->Tick();
  EXPECT_EQ(Figures("pages").table_bytes, 0u);
  EXPECT_EQ(pinned->bytes, old_pages.at("w1/a"));  // Held by its own pin.
}

TEST_F(PublishTest, SourceOfOneRangeDoesNotHoldBackOthers) {
  Open();
  ASSERT_TRUE(Publish({{"w1/a", Noise(1, 1 << 20)}}, {}).ok());
  ASSERT_TRUE(Publish({{"w2/a", Noise(2, 1 << 20)}}, {}).ok());
  const std::shared_ptr<const PageSource> reader = store_->Pages({"w2/", "w2~"});
  ASSERT_TRUE(Publish({}, {}, {{"w1/", "w1~"}}).ok());
  EXPECT_LT(Figures("pages").table_bytes, 3u << 19);
  ASSERT_TRUE(Publish({}, {}, {{"w2/", "w2~"}}).ok());
  store_->Tick();
  EXPECT_GT(Figures("pages").table_bytes, 1u << 20);
  EXPECT_TRUE(reader->Get("w2/a").ok());
}

TEST_F(PublishTest, SpaceOfDropsThatWaitedIsFreedAfterRestart) {
  Open();
  ASSERT_TRUE(Publish({{"w1/a", Noise(1, 1 << 20)}}, {}).ok());
  {
    const std::shared_ptr<const PageSource> reader = store_->Pages();
    ASSERT_TRUE(Publish({}, {}, {{"w1/", "w1~"}}).ok());
    EXPECT_GT(Figures("pages").table_bytes, 1u << 20);
  }
  Open();
  EXPECT_TRUE(ReadPages().empty());
  store_->Tick();
  EXPECT_EQ(Figures("pages").table_bytes, 0u);
}

TEST_F(PublishTest, PagesPublishedIntoARangeWhoseDropIsPendingSurvive) {
  Open();
  ASSERT_TRUE(Publish({{"w1/a", "old"}, {"w1/b", "old"}}, {}).ok());
  std::shared_ptr<const PageSource> reader = store_->Pages();
  ASSERT_TRUE(Publish({}, {}, {{"w1/", "w1~"}}).ok());
  ASSERT_TRUE(Publish({{"w1/a", "new"}}, {}).ok());
  const PageMap want = {{"w1/a", "new"}};
  EXPECT_EQ(ReadPages(), want);
  reader.reset();
  store_->Tick();
  EXPECT_EQ(ReadPages(), want);
  Open();
  store_->Tick();
  EXPECT_EQ(ReadPages(), want);
}

TEST_F(PublishTest, DropOfPartOfATableHidesAndFreesOnlyThatPart) {
  Open();
  ASSERT_TRUE(Publish({{"w1/a", Noise(1, 1 << 20)}, {"w2/a", "stays"}}, {}).ok());
  ASSERT_TRUE(Publish({}, {}, {{"w1/", "w1~"}}).ok());
  const PageMap want = {{"w2/a", "stays"}};
  EXPECT_EQ(ReadPages(), want);
  EXPECT_LT(Figures("pages").table_bytes, 1u << 20);
  Open();
  EXPECT_EQ(ReadPages(), want);
}

TEST_F(PublishTest, NeighboursOfADroppedRangeStay) {
  Open();
  ASSERT_TRUE(Publish({{"w1", "before"}}, {}).ok());
  ASSERT_TRUE(Publish({{"w2", "first"}, {"w2/x", "inside"}}, {}).ok());
  ASSERT_TRUE(Publish({{"w3", "at the end"}}, {}).ok());
  ASSERT_TRUE(Publish({}, {}, {{"w2", "w3"}}).ok());
  store_->Tick();
  EXPECT_EQ(ReadPages(), (PageMap{{"w1", "before"}, {"w3", "at the end"}}));
  EXPECT_EQ(Publish({}, {}, {{"b", "b"}}).code(), StatusCode::kInvalidArgument);
}

TEST_F(PublishTest, CatalogAndMetadataHoldWhatWasPut) {
  Open();
  const std::vector<CatalogChange> changes = {Set("a", "1"), Set("b", "2"), Set("a", "3"),
                                              Set("\xff\xff", "top")};
  ASSERT_TRUE(store_->PutCatalog(changes).ok());
  ASSERT_TRUE(store_->PutCatalog(std::vector<CatalogChange>{Remove("b")}).ok());
  const MetadataRecord records[] = {{"up", "gauge"}, {"x_total", "counter"}};
  ASSERT_TRUE(store_->PutMetadata(records).ok());
  Open();
  EXPECT_EQ(Catalog(), (std::map<std::string, std::string>{{"a", "3"}, {"\xff\xff", "top"}}));
  EXPECT_EQ(Catalog("\xff"), (std::map<std::string, std::string>{{"\xff\xff", "top"}}));
  EXPECT_EQ(*store_->GetMetadata("up"), "gauge");
  EXPECT_EQ(store_->GetMetadata("down").status().code(), StatusCode::kNotFound);
  std::string keys;
  ASSERT_TRUE(store_
                  ->ScanMetadata([&](std::string_view key, std::string_view) {
                    keys += key;
                    keys += ' ';
                    return OkStatus();
                  })
                  .ok());
  EXPECT_EQ(keys, "up x_total ");
}

TEST_F(PublishTest, JournalIsWrittenWhilePagesArePublishedAndRead) {
  Open();
  std::thread writer([&] {
    for (int i = 0; i < 200; ++i) Append(Noise(i, 10'000));
  });
  std::thread reader([&] {
    for (int i = 0; i < 200; ++i) {
      // Each window is complete or absent.
      const PageMap pages = ReadPages();
      EXPECT_EQ(pages.size() % 2, 0u);
    }
  });
  for (int i = 0; i < 20; ++i) {
    const std::string window = "w" + std::to_string(100 + i);
    std::vector<KeyRange> dropped;
    if (i > 2) {
      const std::string old = "w" + std::to_string(100 + i - 3);
      dropped.push_back({old + "/", old + "~"});
    }
    EXPECT_TRUE(Publish({{window + "/a", "1"}, {window + "/b", "2"}}, {}, dropped).ok());
    store_->Tick();
  }
  writer.join();
  reader.join();
  EXPECT_EQ(ReadPages().size(), 6u);
  EXPECT_EQ(Journal().size(), 200u);
  EXPECT_TRUE(store_->VerifyChecksums().ok());
}

// Nothing is written after the publication that could carry its sequence number into the log.
TEST_F(PublishTest, APublicationThatWasTheLastThingBeforeAKillStands) {
  Open();
  ASSERT_TRUE(Publish({{"w1/a", "old"}, {"w2/a", "kept"}}, {Set("w1", "x"), Set("w2", "x")}).ok());
  for (int i = 0; i < 5; ++i) Append("entry");
  ASSERT_TRUE(Publish({{"w3/a", "new"}}, {Remove("w1"), Set("w3", "x")}).ok());
  ASSERT_TRUE(Publish({{"w4/a", "new"}}, {Set("w1", "y"), Remove("w1"), Set("w4", "x")}).ok());
  const std::string killed = (root_ / "killed").string();
  ASSERT_TRUE(CopyAtRest(options_.path, killed, [] {}));
  options_.path = killed;
  Open();
  EXPECT_EQ(Catalog("w"),
            (std::map<std::string, std::string>{{"w2", "x"}, {"w3", "x"}, {"w4", "x"}}));
  // What is written next comes after it too.
  ASSERT_TRUE(Publish({}, {Remove("w4")}).ok());
  EXPECT_EQ(Catalog("w"), (std::map<std::string, std::string>{{"w2", "x"}, {"w3", "x"}}));
  Open();
  EXPECT_EQ(Catalog("w"), (std::map<std::string, std::string>{{"w2", "x"}, {"w3", "x"}}));
}

}  // namespace
}  // namespace firn::storage
