#include "storage/kv/writer.h"

#include <memory>

#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

#include "base/bytes.h"
#include "storage/kv/rocks_status.h"

namespace firn::storage {

namespace {

// The header of a written batch: the sequence number of its first record, and their count.
uint64_t LastSequenceOf(const rocksdb::WriteBatch& batch) {
  ByteReader header(batch.Data());
  const auto first = header.Fixed<uint64_t>();
  const auto count = header.Fixed<uint32_t>();
  return count == 0 ? 0 : first + count - 1;
}

void RaiseTo(std::atomic<uint64_t>* value, uint64_t to) {
  uint64_t now = value->load(std::memory_order_relaxed);
  while (now < to && !value->compare_exchange_weak(now, to, std::memory_order_relaxed)) {
  }
}

}  // namespace

Status Writer::CheckHealth() const {
  std::string why;
  if (health_->AcceptsWrites(&why)) return OkStatus();
  return Unavailable("the store takes no writes: {}", why);
}

Status Writer::Write(rocksdb::WriteBatch* batch, bool sync) {
  if (batch->Count() == 0) return OkStatus();
  FIRN_RETURN_IF_ERROR(CheckHealth());
  rocksdb::WriteOptions options;
  options.sync = sync || ack_ == AckMode::kFsync;
  options.protection_bytes_per_key = 8;
  const rocksdb::Status status = db_->db()->Write(options, batch);
  if (!status.ok()) {
    health_->Failed(status.ToString());
    return Unavailable("write failed: {}", status.ToString());
  }
  const uint64_t sequence = LastSequenceOf(*batch);
  RaiseTo(&written_, sequence);
  // A synced record stands behind all earlier ones in the same log.
  if (options.sync) guard_->NoteDurable(sequence);
  return OkStatus();
}

Status Writer::SyncAll() {
  const uint64_t sequence = written_.load(std::memory_order_relaxed);
  if (sequence <= guard_->durable()) return OkStatus();
  FIRN_RETURN_IF_ERROR(CheckHealth());
  const rocksdb::Status status = db_->db()->SyncWAL();
  if (!status.ok()) {
    health_->Failed(status.ToString());
    return Unavailable("sync failed: {}", status.ToString());
  }
  guard_->NoteDurable(sequence);
  return OkStatus();
}

rocksdb::ReadOptions IterateOptions() {
  rocksdb::ReadOptions options;
  // Looking for them, an iterator of RocksDB 7.8 takes a table that fails for one that ends.
  // No family has any.
  options.ignore_range_deletions = true;
  return options;
}

Status ScanFamily(const OpenDb& db, Family family, std::string_view first, std::string_view last,
                  const KeyValueVisitor& visit) {
  const rocksdb::Slice bound(last.data(), last.size());
  rocksdb::ReadOptions options = IterateOptions();
  options.fill_cache = false;
  if (!last.empty()) options.iterate_upper_bound = &bound;
  const std::unique_ptr<rocksdb::Iterator> it(db.db()->NewIterator(options, db.family(family)));
  for (it->Seek({first.data(), first.size()}); it->Valid(); it->Next()) {
    FIRN_RETURN_IF_ERROR(visit(it->key().ToStringView(), it->value().ToStringView()));
  }
  return FromRocks(it->status(), FamilyName(family));
}

std::string NumberKey(uint64_t number) {
  std::string key;
  AppendBigEndian64(number, &key);
  return key;
}

Result<uint64_t> ParseNumber(std::string_view key, Family family) {
  ByteReader in(key);
  const uint64_t number = in.BigEndian64();
  if (!in.ok() || !in.AtEnd()) {
    return Corruption("{}: key of {} bytes", FamilyName(family), key.size());
  }
  return number;
}

Status ScanNumbered(const OpenDb& db, Family family, uint64_t first, const NumberedVisitor& visit) {
  return ScanFamily(db, family, NumberKey(first), "",
                    [&](std::string_view key, std::string_view value) -> Status {
                      FIRN_ASSIGN_OR_RETURN(const uint64_t number, ParseNumber(key, family));
                      return visit(number, value);
                    });
}

std::string PrefixEnd(std::string_view prefix) {
  std::string end(prefix);
  while (!end.empty() && end.back() == '\xff') end.pop_back();
  if (!end.empty()) end.back() = static_cast<char>(static_cast<unsigned char>(end.back()) + 1);
  return end;
}

}  // namespace firn::storage
