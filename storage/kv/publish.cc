#include <functional>
#include <map>

#include <rocksdb/db.h>
#include <rocksdb/sst_file_reader.h>
#include <rocksdb/write_batch.h>

#include "storage/kv/pages/page_store.h"
#include "storage/kv/rocks_status.h"

namespace firn::storage {

namespace {

constexpr size_t kChunkBytes = 4 << 20;
constexpr std::string_view kResumedKey = "resumed";

// The arguments of one ingestion, by family.
class Ingestion {
 public:
  explicit Ingestion(const OpenDb* db) : db_(db) {}

  Status Add(Family family, const std::vector<std::string>& files) {
    if (files.empty()) return OkStatus();
    const rocksdb::Options table = db_->TableOptions(family);
    for (const std::string& file : files) {
      FIRN_RETURN_IF_ERROR(db_->env()->HoldEnds(file, table));
    }
    rocksdb::ColumnFamilyHandle* const handle = db_->family(family);
    if (args_.empty() || args_.back().column_family != handle) {
      args_.emplace_back();
      args_.back().column_family = handle;
      args_.back().options.move_files = true;
      args_.back().options.write_global_seqno = false;
      args_.back().options.verify_checksums_before_ingest = true;
    }
    auto& all = args_.back().external_files;
    all.insert(all.end(), files.begin(), files.end());
    return OkStatus();
  }

  Status Run() {
    if (args_.empty()) return OkStatus();
    return FromRocks(db_->db()->IngestExternalFiles(args_), "publish");
  }

 private:
  const OpenDb* db_;
  std::vector<rocksdb::IngestExternalFileArg> args_;
};

// Records that may take the place of others. Before RocksDB 7.8 ingests a table it looks for what
// the table overlaps, and for this takes the levels of one version and their tables of another.
// While a flush or a compaction ends these differ, nothing is found, and the table goes below what
// it is to replace. Tables that overlap each other go to the top with the newest numbers wherever
// others are; so the first record is ingested once more.
class ReplacingTables {
 public:
  ReplacingTables(const OpenDb* db, Family family, const std::function<std::string()>& next_name)
      : all_(db, family, next_name), first_(db, family, next_name) {}

  // REQUIRES: keys ascend strictly.
  Status Put(std::string_view key, std::string_view value) {
    if (all_.files().empty()) FIRN_RETURN_IF_ERROR(first_.Put(key, value));
    return all_.Put(key, value);
  }
  Status Delete(std::string_view key) {
    if (all_.files().empty()) FIRN_RETURN_IF_ERROR(first_.Delete(key));
    return all_.Delete(key);
  }
  Status Finish() {
    FIRN_RETURN_IF_ERROR(first_.Finish());
    return all_.Finish();
  }
  std::vector<std::string> files() const {
    std::vector<std::string> files = all_.files();
    files.insert(files.end(), first_.files().begin(), first_.files().end());
    return files;
  }

 private:
  TableFiles all_;
  TableFiles first_;
};

Status WriteCatalog(std::span<const CatalogChange> changes, ReplacingTables* out) {
  std::map<std::string_view, const CatalogChange*> sorted;  // The last change of a key counts.
  for (const CatalogChange& change : changes) sorted[change.key] = &change;
  for (const auto& [key, change] : sorted) {
    FIRN_RETURN_IF_ERROR(change->value ? out->Put(key, *change->value) : out->Delete(key));
  }
  return out->Finish();
}

// Puts the records of staged page tables into `batch`, which is written and begun anew each
// time it is full.
Status CopyPages(const OpenDb& db, const std::vector<std::string>& files, size_t chunk_bytes,
                 rocksdb::WriteBatch* batch, Writer* writer) {
  for (const std::string& file : files) {
    rocksdb::SstFileReader reader(db.TableOptions(kPagesFamily));
    FIRN_RETURN_IF_ERROR(FromRocks(reader.Open(file), file));
    rocksdb::ReadOptions options;
    options.fill_cache = false;
    const std::unique_ptr<rocksdb::Iterator> it(reader.NewIterator(options));
    for (it->SeekToFirst(); it->Valid(); it->Next()) {
      FIRN_RETURN_IF_ERROR(
          FromRocks(batch->Put(db.family(kPagesFamily), it->key(), it->value()), file));
      if (batch->GetDataSize() < chunk_bytes) continue;
      FIRN_RETURN_IF_ERROR(writer->Write(batch));
      batch->Clear();
    }
    FIRN_RETURN_IF_ERROR(FromRocks(it->status(), file));
  }
  return OkStatus();
}

}  // namespace

Status PageStore::Publish(std::unique_ptr<PageBatch> batch, std::span<const CatalogChange> changes,
                          std::span<const KeyRange> dropped) {
  std::vector<KeyRange> ranges;
  for (const KeyRange& range : dropped) {
    if (range.first >= range.last) return InvalidArgument("empty range of dropped pages");
    ranges.push_back(range);
  }
  Publication publication;
  publication.changes = changes;
  MutexLock lock(&publish_mutex_);
  FIRN_RETURN_IF_ERROR(writer_->CheckHealth());
  const KeySpan* span = nullptr;
  if (batch != nullptr && batch->rep_->span) {
    span = &*batch->rep_->span;
    FIRN_RETURN_IF_ERROR(batch->rep_->tables.Finish());
    publication.page_files = batch->rep_->tables.files();
  }
  FIRN_ASSIGN_OR_RETURN(PageDrops::Plan plan, drops_.Prepare(span, ranges));
  publication.plan = &plan;
  {
    // Before readers have to wait.
    const IngestionGate::Ingesting ingesting(healthy_ ? gate_.get() : nullptr);
    WriterLock visible(&visible_mutex_);
    Status status = healthy_ ? Ingest(publication) : OkStatus();
    // An ingestion looks into the tables around the new pages, and must not fail if one of
    // these is damaged.
    if (!healthy_ || status.code() == StatusCode::kCorruption) status = WriteThrough(publication);
    FIRN_RETURN_IF_ERROR(status);
    drops_.Committed(std::move(plan));
    hidden_ = drops_.Hidden();
  }
  // The publication stands whatever becomes of the clean-up, which is tried again later.
  static_cast<void>(FreeDropped().ok());
  return OkStatus();
}

Status PageStore::Ingest(const Publication& publication) {
  const auto next_name = [this] { return NewStagingFile(); };
  ReplacingTables deletions(db_.get(), kPagesFamily, next_name);
  ReplacingTables catalog(db_.get(), kCatalogFamily, next_name);
  ReplacingTables own(db_.get(), kOwnFamily, next_name);
  for (const std::string& key : publication.plan->old_keys) {
    FIRN_RETURN_IF_ERROR(deletions.Delete(key));
  }
  FIRN_RETURN_IF_ERROR(deletions.Finish());
  FIRN_RETURN_IF_ERROR(WriteCatalog(publication.changes, &catalog));
  for (const auto& [key, value] : publication.plan->records) {
    FIRN_RETURN_IF_ERROR(own.Put(key, value));
  }
  FIRN_RETURN_IF_ERROR(own.Finish());
  Ingestion ingestion(db_.get());
  // Deletions go first and so get a lower sequence number than the new pages.
  FIRN_RETURN_IF_ERROR(ingestion.Add(kPagesFamily, deletions.files()));
  FIRN_RETURN_IF_ERROR(ingestion.Add(kPagesFamily, publication.page_files));
  FIRN_RETURN_IF_ERROR(ingestion.Add(kCatalogFamily, catalog.files()));
  FIRN_RETURN_IF_ERROR(ingestion.Add(kOwnFamily, own.files()));
  return ingestion.Run();
}

Status PageStore::WriteThrough(const Publication& publication) {
  rocksdb::WriteBatch batch;
  // Where pages are replaced in place, old and new must change in one write, however large.
  // Else new pages may come first: without a catalog record nobody asks for them.
  const bool in_place = !publication.plan->old_keys.empty();
  for (const std::string& key : publication.plan->old_keys) {
    FIRN_RETURN_IF_ERROR(FromRocks(batch.Delete(db_->family(kPagesFamily), key), "pages"));
  }
  FIRN_RETURN_IF_ERROR(CopyPages(*db_, publication.page_files, in_place ? ~size_t{0} : kChunkBytes,
                                 &batch, writer_));
  for (const CatalogChange& change : publication.changes) {
    rocksdb::ColumnFamilyHandle* const catalog = db_->family(kCatalogFamily);
    FIRN_RETURN_IF_ERROR(FromRocks(change.value ? batch.Put(catalog, change.key, *change.value)
                                                : batch.Delete(catalog, change.key),
                                   "catalog"));
  }
  for (const auto& [key, value] : publication.plan->records) {
    FIRN_RETURN_IF_ERROR(FromRocks(batch.Put(db_->family(kOwnFamily), key, value), "drop"));
  }
  return writer_->Write(&batch, /*sync=*/true);
}

Status PageStore::Resume() {
  MutexLock lock(&publish_mutex_);
  healthy_ = false;
  rocksdb::DB* const db = db_->db();
  // After a failed write to the MANIFEST nothing may be deleted until there is a new one.
  // RocksDB insists on it but forgets to see to it after a failed ingestion.
  FIRN_RETURN_IF_ERROR(FromRocks(db->DisableFileDeletions(), "resume"));
  FIRN_RETURN_IF_ERROR(FromRocks(db->Resume(), "resume"));
  FIRN_RETURN_IF_ERROR(FromRocks(db->EnableFileDeletions(/*force=*/true), "resume"));
  // With empty memtables Resume flushes nothing and would go on with the log whose write or
  // sync failed. A record that must be flushed makes it begin another.
  FIRN_RETURN_IF_ERROR(FromRocks(db->Put({}, db_->family(kOwnFamily), kResumedKey, ""), "resume"));
  FIRN_RETURN_IF_ERROR(FromRocks(db->Flush({}, db_->family(kOwnFamily)), "resume"));
  may_compact_ = false;
  return OkStatus();
}

void PageStore::StopCompactions() {
  MutexLock lock(&publish_mutex_);
  may_compact_ = false;
}

}  // namespace firn::storage
