#include "storage/kv/page_store.h"

#include <map>

#include <fmt/format.h>
#include <rocksdb/db.h>
#include <rocksdb/file_system.h>
#include <rocksdb/snapshot.h>
#include <rocksdb/write_batch.h>

#include "storage/kv/rocks_status.h"

namespace firn::storage {

namespace {

// Reads through a snapshot; keeps the database open and its ticket in the registry.
class SnapshotSource : public PageSource {
 public:
  SnapshotSource(std::shared_ptr<OpenDb> db, std::shared_ptr<ReaderRegistry> readers,
                 std::optional<KeyRange> range)
      // The ticket comes first: a publication in between then waits needlessly, not never.
      : db_(std::move(db)),
        readers_(std::move(readers)),
        ticket_(readers_->Enter(std::move(range))),
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
    auto pinned = std::make_shared<Pinned>();
    pinned->db = db_;
    rocksdb::ReadOptions options;
    options.snapshot = snapshot_;
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
    rocksdb::ReadOptions options;
    options.snapshot = snapshot_;
    options.iterate_upper_bound = &bound;
    const std::unique_ptr<rocksdb::Iterator> it(
        db_->db()->NewIterator(options, db_->family(kPagesFamily)));
    for (it->Seek(first); it->Valid(); it->Next()) {
      // An iterator moves on, so a page that outlives the visit needs its own bytes.
      auto copy = std::make_shared<const std::string>(it->value().ToStringView());
      const std::string_view bytes = *copy;
      FIRN_RETURN_IF_ERROR(
          visit(it->key().ToStringView(), PinnedPage{.owner = std::move(copy), .bytes = bytes}));
    }
    return FromRocks(it->status(), "pages");
  }

 private:
  const std::shared_ptr<OpenDb> db_;
  const std::shared_ptr<ReaderRegistry> readers_;
  const uint64_t ticket_;
  const rocksdb::Snapshot* const snapshot_;
};

// The files of one publication, by family.
struct Ingestion {
  Ingestion(const OpenDb* open, const std::function<std::string()>& next_name)
      : db(open),
        tombstones(open, kPagesFamily, next_name),
        catalog(open, kCatalogFamily, next_name),
        own(open, kOwnFamily, next_name) {}

  void Add(Family family, const std::vector<std::string>& files) {
    if (files.empty()) return;
    rocksdb::ColumnFamilyHandle* const handle = db->family(family);
    if (args.empty() || args.back().column_family != handle) {
      args.emplace_back();
      args.back().column_family = handle;
      args.back().options.move_files = true;
      args.back().options.write_global_seqno = false;
      args.back().options.verify_checksums_before_ingest = true;
    }
    auto& all = args.back().external_files;
    all.insert(all.end(), files.begin(), files.end());
  }

  const OpenDb* db;
  TableFiles tombstones;
  TableFiles catalog;
  TableFiles own;
  std::vector<rocksdb::IngestExternalFileArg> args;
};

Status WriteCatalog(std::span<const CatalogChange> changes, TableFiles* out) {
  std::map<std::string_view, const CatalogChange*> sorted;  // The last change of a key counts.
  for (const CatalogChange& change : changes) sorted[change.key] = &change;
  for (const auto& [key, change] : sorted) {
    FIRN_RETURN_IF_ERROR(change->value ? out->Put(key, *change->value) : out->Delete(key));
  }
  return out->Finish();
}

}  // namespace

PageStore::PageStore(std::shared_ptr<OpenDb> db, Writer* writer, std::string staging)
    : db_(std::move(db)),
      writer_(writer),
      staging_(std::move(staging)),
      readers_(std::make_shared<ReaderRegistry>()),
      drops_(db_.get(), writer, readers_.get()) {}

Result<std::unique_ptr<PageStore>> PageStore::Open(std::shared_ptr<OpenDb> db, Writer* writer,
                                                   const std::string& path) {
  std::unique_ptr<PageStore> store(new PageStore(std::move(db), writer, path + "/staging"));
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
  }
  return store;
}

std::string PageStore::NewStagingFile() {
  return fmt::format("{}/{:06}.sst", staging_, next_file_.fetch_add(1));
}

std::shared_ptr<const PageSource> PageStore::Pages(std::optional<KeyRange> range) const {
  return std::make_shared<SnapshotSource>(db_, readers_, std::move(range));
}

Result<std::unique_ptr<PageBatch>> PageStore::NewBatch() {
  FIRN_RETURN_IF_ERROR(writer_->CheckHealth());
  return std::unique_ptr<PageBatch>(
      new PageBatch(std::make_unique<PageBatch::Rep>(db_, [this] { return NewStagingFile(); })));
}

Status PageStore::Publish(std::unique_ptr<PageBatch> batch, std::span<const CatalogChange> changes,
                          std::span<const KeyRange> dropped) {
  std::vector<KeyRange> ranges;
  for (const KeyRange& range : dropped) {
    if (range.first >= range.last) return InvalidArgument("empty range of dropped pages");
    ranges.push_back(range);
  }
  MutexLock lock(&publish_mutex_);
  FIRN_RETURN_IF_ERROR(writer_->CheckHealth());
  const KeySpan* const span = batch && batch->rep_->span ? &*batch->rep_->span : nullptr;
  PageDrops::Plan plan = drops_.Prepare(span, ranges);

  Ingestion ingestion(db_.get(), [this] { return NewStagingFile(); });
  // Tombstones go first and so get lower sequence numbers than the new pages.
  for (const KeyRange& range : ranges) {
    FIRN_RETURN_IF_ERROR(ingestion.tombstones.DeleteRange(range));
  }
  ingestion.Add(kPagesFamily, ingestion.tombstones.files());
  if (span != nullptr) {
    FIRN_RETURN_IF_ERROR(batch->rep_->tables.Finish());
    ingestion.Add(kPagesFamily, batch->rep_->tables.files());
  }
  FIRN_RETURN_IF_ERROR(WriteCatalog(changes, &ingestion.catalog));
  ingestion.Add(kCatalogFamily, ingestion.catalog.files());
  for (const auto& [key, value] : plan.records) {
    FIRN_RETURN_IF_ERROR(ingestion.own.Put(key, value));
  }
  FIRN_RETURN_IF_ERROR(ingestion.own.Finish());
  ingestion.Add(kOwnFamily, ingestion.own.files());
  if (ingestion.args.empty()) return OkStatus();
  FIRN_RETURN_IF_ERROR(FromRocks(db_->db()->IngestExternalFiles(ingestion.args), "publish"));
  drops_.Committed(std::move(plan));
  // The publication stands whatever becomes of the clean-up, which is tried again later.
  Status freed = drops_.Run();
  static_cast<void>(freed);
  return OkStatus();
}

Status PageStore::Reclaim() {
  if (!publish_mutex_.TryLock()) return OkStatus();
  Status status = drops_.Run();
  publish_mutex_.Unlock();
  return status;
}

}  // namespace firn::storage
