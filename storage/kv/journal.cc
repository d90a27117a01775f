#include "storage/kv/journal.h"

#include <algorithm>

#include <rocksdb/convenience.h>
#include <rocksdb/db.h>
#include <rocksdb/metadata.h>
#include <rocksdb/write_batch.h>

#include "base/bytes.h"
#include "storage/kv/rocks_status.h"

namespace firn::storage {

namespace {

constexpr std::string_view kFirstKey = "journal/first";

}  // namespace

Result<std::unique_ptr<Journal>> Journal::Open(OpenDb* db, Writer* writer) {
  std::unique_ptr<Journal> journal(new Journal(db, writer));
  std::string value;
  const rocksdb::Status status = db->db()->Get({}, db->family(kOwnFamily), kFirstKey, &value);
  uint64_t first = 0;
  if (status.ok()) {
    FIRN_ASSIGN_OR_RETURN(first, ParseNumber(value, kOwnFamily));
  } else if (!status.IsNotFound()) {
    return FromRocks(status, kFirstKey);
  }
  uint64_t next = std::max<uint64_t>(1, first);
  const std::unique_ptr<rocksdb::Iterator> it(
      db->db()->NewIterator(IterateOptions(), db->family(kJournalFamily)));
  it->SeekToLast();
  if (it->Valid()) {
    FIRN_ASSIGN_OR_RETURN(const uint64_t last,
                          ParseNumber(it->key().ToStringView(), kJournalFamily));
    next = std::max(next, last + 1);
  }
  FIRN_RETURN_IF_ERROR(FromRocks(it->status(), "journal"));
  journal->first_.store(first);
  journal->next_.store(next);
  return journal;
}

Result<uint64_t> Journal::Append(std::string_view entry, std::span<const SeriesRecord> new_series) {
  FIRN_RETURN_IF_ERROR(writer_->CheckHealth());
  const uint64_t number = next_.fetch_add(1, std::memory_order_relaxed);
  rocksdb::WriteBatch batch(entry.size() + 64);
  for (const SeriesRecord& series : new_series) {
    FIRN_RETURN_IF_ERROR(FromRocks(
        batch.Put(db_->family(kSeriesFamily), NumberKey(series.number), series.bytes), "series"));
  }
  FIRN_RETURN_IF_ERROR(
      FromRocks(batch.Put(db_->family(kJournalFamily), NumberKey(number), entry), "journal"));
  FIRN_RETURN_IF_ERROR(writer_->Write(&batch));
  appends_.fetch_add(1, std::memory_order_relaxed);
  return number;
}

Status Journal::Replay(const NumberedVisitor& visit) const {
  return ScanNumbered(*db_, kJournalFamily, first_.load(std::memory_order_relaxed), visit);
}

Result<std::string> Journal::Read(uint64_t number) const {
  std::string entry;
  const rocksdb::Status status =
      db_->db()->Get({}, db_->family(kJournalFamily), NumberKey(number), &entry);
  if (status.IsNotFound()) return NotFound("journal entry {}", number);
  FIRN_RETURN_IF_ERROR(FromRocks(status, "journal"));
  return entry;
}

Status Journal::Truncate(uint64_t first_kept) {
  MutexLock lock(&truncate_mutex_);
  if (first_kept > first_.load(std::memory_order_relaxed)) {
    rocksdb::WriteBatch batch;
    FIRN_RETURN_IF_ERROR(
        FromRocks(batch.Put(db_->family(kOwnFamily), kFirstKey, NumberKey(first_kept)), kFirstKey));
    // Durable before any file goes, or a replay would begin in the middle.
    FIRN_RETURN_IF_ERROR(writer_->Write(&batch, /*sync=*/true));
    first_.store(first_kept, std::memory_order_relaxed);
    uint64_t next = next_.load(std::memory_order_relaxed);
    while (next < first_kept && !next_.compare_exchange_weak(next, first_kept)) {
    }
    reclaim_ = true;
  }
  return ReclaimLocked();
}

Status Journal::Reclaim() {
  MutexLock lock(&truncate_mutex_);
  return ReclaimLocked();
}

Status Journal::ReclaimLocked() {
  if (!reclaim_) return OkStatus();
  const std::string end = NumberKey(first_.load(std::memory_order_relaxed));
  const rocksdb::Slice end_slice(end);
  FIRN_RETURN_IF_ERROR(
      FromRocks(rocksdb::DeleteFilesInRange(db_->db(), db_->family(kJournalFamily), nullptr,
                                            &end_slice, /*include_end=*/false),
                "journal"));
  // Tables on their way to level 1 are spared; the next call gets them.
  rocksdb::ColumnFamilyMetaData meta;
  db_->db()->GetColumnFamilyMetaData(db_->family(kJournalFamily), &meta);
  reclaim_ = false;
  for (const rocksdb::LevelMetaData& level : meta.levels) {
    for (const rocksdb::SstFileMetaData& file : level.files) reclaim_ |= file.largestkey < end;
  }
  return OkStatus();
}

Status Journal::ScanSeries(const NumberedVisitor& visit) const {
  return ScanNumbered(*db_, kSeriesFamily, 0, visit);
}

Status Journal::DeleteSeries(std::span<const uint64_t> numbers) {
  rocksdb::WriteBatch batch;
  for (const uint64_t number : numbers) {
    FIRN_RETURN_IF_ERROR(
        FromRocks(batch.Delete(db_->family(kSeriesFamily), NumberKey(number)), "series"));
  }
  return writer_->Write(&batch);
}

}  // namespace firn::storage
