#include "storage/kv/store.h"

#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

#include "storage/kv/rescue/readable.h"
#include "storage/kv/rocks_status.h"
#include "storage/kv/store_core.h"

namespace firn::storage {

Store::Store(std::unique_ptr<StoreCore> core) : core_(std::move(core)) {}
Store::~Store() = default;

Result<std::unique_ptr<Store>> Store::Open(const StoreOptions& options) {
  FIRN_ASSIGN_OR_RETURN(auto core, StoreCore::Open(options));
  return std::unique_ptr<Store>(new Store(std::move(core)));
}

const RecoveryReport& Store::recovery() const { return core_->recovery(); }

Result<uint64_t> Store::AppendJournal(std::string_view entry,
                                      std::span<const SeriesRecord> new_series) {
  return core_->journal().Append(entry, new_series);
}

Status Store::ReplayJournal(const NumberedVisitor& visit) const {
  return core_->journal().Replay(visit);
}

Result<std::string> Store::ReadJournal(uint64_t number) const {
  return core_->journal().Read(number);
}

Status Store::TruncateJournal(uint64_t first_kept) { return core_->journal().Truncate(first_kept); }

uint64_t Store::first_journal_number() const { return core_->journal().first_number(); }
uint64_t Store::next_journal_number() const { return core_->journal().next_number(); }

Status Store::ScanSeries(const NumberedVisitor& visit) const {
  return core_->journal().ScanSeries(visit);
}

Status Store::DeleteSeries(std::span<const uint64_t> numbers) {
  return core_->journal().DeleteSeries(numbers);
}

std::shared_ptr<const PageSource> Store::Pages() const {
  return core_->pages().Pages(std::nullopt);
}

std::shared_ptr<const PageSource> Store::Pages(const KeyRange& range) const {
  return core_->pages().Pages(range);
}

std::shared_ptr<const PageSource> Store::UncachedPages(const KeyRange& range) const {
  return core_->pages().Pages(range, /*fill_cache=*/false);
}

Result<std::unique_ptr<PageBatch>> Store::NewPageBatch() { return core_->pages().NewBatch(); }

Status Store::Publish(std::unique_ptr<PageBatch> batch, std::span<const CatalogChange> changes,
                      std::span<const KeyRange> dropped) {
  return core_->pages().Publish(std::move(batch), changes, dropped);
}

Status Store::ScanCatalog(std::string_view prefix, const KeyValueVisitor& visit) const {
  return ScanFamily(core_->db(), kCatalogFamily, prefix, PrefixEnd(prefix), visit);
}

Status Store::PutCatalog(std::span<const CatalogChange> changes) {
  rocksdb::WriteBatch batch;
  rocksdb::ColumnFamilyHandle* const family = core_->db().family(kCatalogFamily);
  for (const CatalogChange& change : changes) {
    FIRN_RETURN_IF_ERROR(FromRocks(change.value ? batch.Put(family, change.key, *change.value)
                                                : batch.Delete(family, change.key),
                                   "catalog"));
  }
  return core_->writer().Write(&batch, /*sync=*/true);
}

Status Store::PutMetadata(std::span<const MetadataRecord> records) {
  rocksdb::WriteBatch batch;
  for (const MetadataRecord& record : records) {
    FIRN_RETURN_IF_ERROR(FromRocks(
        batch.Put(core_->db().family(kMetadataFamily), record.key, record.bytes), "metadata"));
  }
  return core_->writer().Write(&batch);
}

Result<std::string> Store::GetMetadata(std::string_view key) const {
  std::string value;
  const OpenDb& db = core_->db();
  const rocksdb::Status status = db.db()->Get({}, db.family(kMetadataFamily), key, &value);
  if (!status.ok()) return FromRocks(status, "metadata");
  return value;
}

Status Store::ScanMetadata(const KeyValueVisitor& visit) const {
  return ScanFamily(core_->db(), kMetadataFamily, "", "", visit);
}

Status Store::ChangeExemplars(std::span<const NumberedRecord> added,
                              std::span<const uint64_t> deleted) {
  rocksdb::ColumnFamilyHandle* const family = core_->db().family(kExemplarsFamily);
  rocksdb::WriteBatch batch;
  for (const uint64_t number : deleted) {
    FIRN_RETURN_IF_ERROR(FromRocks(batch.Delete(family, NumberKey(number)), "exemplars"));
  }
  for (const NumberedRecord& record : added) {
    FIRN_RETURN_IF_ERROR(
        FromRocks(batch.Put(family, NumberKey(record.number), record.bytes), "exemplars"));
  }
  return core_->writer().Write(&batch);
}

Status Store::ScanExemplars(const NumberedVisitor& visit) const {
  return ScanNumbered(core_->db(), kExemplarsFamily, 0, visit);
}

Status Store::Import(RecordKind kind, std::span<const RawRecord> records) {
  rocksdb::ColumnFamilyHandle* const family = core_->db().family(FamilyOf(kind));
  rocksdb::WriteBatch batch;
  for (const RawRecord& record : records) {
    FIRN_RETURN_IF_ERROR(FromRocks(batch.Put(family, record.key, record.value), "import"));
  }
  return core_->writer().Write(&batch);
}

Status Store::SyncImported() { return core_->writer().SyncAll(); }

bool Store::AcceptsWrites(std::string* why) const { return core_->health().AcceptsWrites(why); }

void Store::Tick() { core_->Tick(); }

Status Store::VerifyChecksums() const {
  return FromRocks(core_->db().db()->VerifyChecksum(), "verify");
}

Status Store::CheckRecordTables(const std::function<Status(const TableCheck& table)>& visit) const {
  for (size_t i = 0; i < kFamilies; ++i) {
    const auto family = static_cast<Family>(i);
    if (family == kPagesFamily) continue;
    FIRN_RETURN_IF_ERROR(CheckTables(core_->db(), family, visit));
  }
  return OkStatus();
}

StoreFigures Store::Figures() const { return core_->Figures(); }

Status Store::Snapshot(const std::string& path) const { return core_->Snapshot(path); }

Status Store::Close() { return core_->Close(); }

}  // namespace firn::storage
