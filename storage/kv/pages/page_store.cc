#include "storage/kv/pages/page_store.h"

#include <algorithm>
#include <cstdlib>

#include <fmt/core.h>
#include <rocksdb/db.h>
#include <rocksdb/file_system.h>
#include <rocksdb/metadata.h>
#include <rocksdb/snapshot.h>

#include "storage/kv/rocks_status.h"

namespace firn::storage {

namespace {

// Each of them is looked into for every page.
constexpr size_t kTopTablesMax = 4;

// Reads through a snapshot; keeps the database open and its ticket in the registry.
class SnapshotSource : public PageSource {
 public:
  SnapshotSource(std::shared_ptr<OpenDb> db, std::shared_ptr<ReaderRegistry> readers,
                 SourceScope scope)
      // The ticket comes first: a publication in between then waits needlessly, not never.
      : db_(std::move(db)),
        readers_(std::move(readers)),
        ticket_(readers_->Enter(std::move(scope.range))),
        hidden_(std::move(scope.hidden)),
        fill_cache_(scope.fill_cache),
        snapshot_(db_->db()->GetSnapshot()) {}

  ~SnapshotSource() override {
    db_->db()->ReleaseSnapshot(snapshot_);
    readers_->Leave(ticket_);
  }

  Result<PinnedPage> Get(std::string_view key) const override {
    // Points into the block cache, which the handle's owner keeps alive.
    struct Pinned {
      std::shared_ptr<OpenDb> db;
      rocksdb::PinnableSlice slice;
    };
    if (HiddenAt(key) != nullptr) return NotFound("no such page");
    auto pinned = std::make_shared<Pinned>();
    pinned->db = db_;
    rocksdb::ReadOptions options;
    options.snapshot = snapshot_;
    options.fill_cache = fill_cache_;
    const rocksdb::Status status =
        db_->db()->Get(options, db_->family(kPagesFamily), key, &pinned->slice);
    if (status.IsNotFound()) return NotFound("no such page");
    if (!status.ok()) return FromRocks(status, "page");
    const std::string_view bytes = pinned->slice.ToStringView();
    return PinnedPage{.owner = std::move(pinned), .bytes = bytes};
  }

  Status Scan(
      std::string_view first, std::string_view last,
      const std::function<Status(std::string_view key, PinnedPage page)>& visit) const override {
    const rocksdb::Slice bound(last.data(), last.size());
    rocksdb::ReadOptions options = IterateOptions();
    options.snapshot = snapshot_;
    options.fill_cache = fill_cache_;
    options.iterate_upper_bound = &bound;
    const std::unique_ptr<rocksdb::Iterator> it(
        db_->db()->NewIterator(options, db_->family(kPagesFamily)));
    it->Seek(first);
    while (it->Valid()) {
      if (const KeyRange* hidden = HiddenAt(it->key().ToStringView()); hidden != nullptr) {
        it->Seek(hidden->last);
        continue;
      }
      // An iterator moves on, so a page that outlives the visit needs its own bytes.
      auto copy = std::make_shared<const std::string>(it->value().ToStringView());
      const std::string_view bytes = *copy;
      FIRN_RETURN_IF_ERROR(
          visit(it->key().ToStringView(), PinnedPage{.owner = std::move(copy), .bytes = bytes}));
      it->Next();
    }
    return FromRocks(it->status(), "pages");
  }

 private:
  // The dropped range that `key` is in; null if it is in none.
  const KeyRange* HiddenAt(std::string_view key) const {
    for (const KeyRange& range : hidden_) {
      if (range.first <= key && key < range.last) return &range;
    }
    return nullptr;
  }

  const std::shared_ptr<OpenDb> db_;
  const std::shared_ptr<ReaderRegistry> readers_;
  const uint64_t ticket_;
  const std::vector<KeyRange> hidden_;
  const bool fill_cache_;
  const rocksdb::Snapshot* const snapshot_;
};

}  // namespace

std::shared_ptr<const PageSource> MakePageSource(std::shared_ptr<OpenDb> db,
                                                 std::shared_ptr<ReaderRegistry> readers,
                                                 SourceScope scope) {
  return std::make_shared<SnapshotSource>(std::move(db), std::move(readers), std::move(scope));
}

PageStore::PageStore(std::shared_ptr<OpenDb> db, Writer* writer,
                     std::shared_ptr<IngestionGate> gate, std::string staging)
    : db_(std::move(db)),
      writer_(writer),
      gate_(std::move(gate)),
      staging_(std::move(staging)),
      readers_(std::make_shared<ReaderRegistry>()),
      drops_(db_.get(), writer, readers_.get()) {}

Result<std::unique_ptr<PageStore>> PageStore::Open(std::shared_ptr<OpenDb> db, Writer* writer,
                                                   std::shared_ptr<IngestionGate> gate,
                                                   const std::string& path) {
  std::unique_ptr<PageStore> store(
      new PageStore(std::move(db), writer, std::move(gate), StagingPath(path)));
  rocksdb::FileSystem* const fs = store->db_->fs();
  FIRN_RETURN_IF_ERROR(
      FromRocks(fs->CreateDirIfMissing(store->staging_, {}, nullptr), store->staging_));
  std::vector<std::string> names;
  FIRN_RETURN_IF_ERROR(
      FromRocks(fs->GetChildren(store->staging_, {}, &names, nullptr), store->staging_));
  for (const std::string& name : names) {
    if (!name.ends_with(".sst")) continue;
    // A file that stays is overwritten or removed later; it is in nobody's way.
    fs->DeleteFile(store->staging_ + "/" + name, {}, nullptr).PermitUncheckedError();
  }
  {
    MutexLock lock(&store->publish_mutex_);
    FIRN_RETURN_IF_ERROR(store->drops_.Load());
    WriterLock visible(&store->visible_mutex_);
    store->hidden_ = store->drops_.Hidden();
  }
  return store;
}

std::string PageStore::NewStagingFile() {
  return fmt::format("{}/{:06}.sst", staging_, next_file_.fetch_add(1));
}

std::shared_ptr<const PageSource> PageStore::Pages(std::optional<KeyRange> range,
                                                   bool fill_cache) const {
  ReaderLock visible(&visible_mutex_);
  return MakePageSource(db_, readers_,
                        {.range = std::move(range), .hidden = hidden_, .fill_cache = fill_cache});
}

Result<std::unique_ptr<PageBatch>> PageStore::NewBatch() {
  FIRN_RETURN_IF_ERROR(writer_->CheckHealth());
  return std::unique_ptr<PageBatch>(
      new PageBatch(std::make_unique<PageBatch::Rep>(db_, [this] { return NewStagingFile(); })));
}

Status PageStore::SettleTop() {
  rocksdb::ColumnFamilyHandle* const pages = db_->family(kPagesFamily);
  std::string count;
  db_->db()->GetProperty(pages, rocksdb::DB::Properties::kNumFilesAtLevelPrefix + "0", &count);
  if (std::strtoul(count.c_str(), nullptr, 10) < kTopTablesMax) return OkStatus();
  rocksdb::ColumnFamilyMetaData meta;
  db_->db()->GetColumnFamilyMetaData(pages, &meta);
  const std::vector<rocksdb::SstFileMetaData>& top = meta.levels.front().files;
  if (top.empty()) return OkStatus();
  std::string first = top.front().smallestkey;
  std::string last = top.front().largestkey;
  for (const rocksdb::SstFileMetaData& file : top) {
    first = std::min(first, file.smallestkey);
    last = std::max(last, file.largestkey);
  }
  const rocksdb::Slice begin(first);
  const rocksdb::Slice end(last);
  rocksdb::CompactRangeOptions options;
  options.exclusive_manual_compaction = false;
  return FromRocks(db_->db()->CompactRange(options, pages, &begin, &end), "pages");
}

Status PageStore::FreeDropped() {
  const bool may_compact = healthy_ && may_compact_;
  Status status = drops_.Run(may_compact);
  if (status.ok() && may_compact) status = SettleTop();
  WriterLock visible(&visible_mutex_);
  hidden_ = drops_.Hidden();
  return status;
}

Status PageStore::Reclaim() {
  if (!publish_mutex_.TryLock()) return OkStatus();
  Status status = FreeDropped();
  publish_mutex_.Unlock();
  return status;
}

}  // namespace firn::storage
