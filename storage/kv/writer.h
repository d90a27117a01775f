// The one way into RocksDB's write-ahead log.
#pragma once

#include <atomic>
#include <cstdint>

#include "storage/kv/guard_keeper.h"
#include "storage/kv/health.h"
#include "storage/kv/open_db.h"

namespace firn::storage {

// Thread-safe. Borrows all that it is made of.
class Writer {
 public:
  Writer(OpenDb* db, Health* health, GuardKeeper* guard, AckMode ack)
      : db_(db), health_(health), guard_(guard), ack_(ack) {}

  // OK, or Unavailable with the reason.
  Status CheckHealth() const;
  // Writes `batch` as a whole; concurrent calls share one log write and one fsync. On return
  // it is as durable as the acknowledgement mode says, or synced if `sync` is true.
  // Unavailable if the store takes no writes or this one failed.
  Status Write(rocksdb::WriteBatch* batch, bool sync = false);
  // Makes everything written so far durable; does nothing if it is.
  Status SyncAll();

 private:
  OpenDb* const db_;
  Health* const health_;
  GuardKeeper* const guard_;
  const AckMode ack_;
  std::atomic<uint64_t> written_{0};  // Last sequence number given to a write.
};

// For every iterator.
rocksdb::ReadOptions IterateOptions();
// Records of one family with first <= key and, unless `last` is empty, key < last.
Status ScanFamily(const OpenDb& db, Family family, std::string_view first, std::string_view last,
                  const KeyValueVisitor& visit);
// Keys that are numbers: big-endian, so that keys and numbers have one order.
std::string NumberKey(uint64_t number);
// Corruption if the key is no number; `family` is for the message.
Result<uint64_t> ParseNumber(std::string_view key, Family family);
// Records with first <= number, ascending.
Status ScanNumbered(const OpenDb& db, Family family, uint64_t first, const NumberedVisitor& visit);
// The smallest key above all that start with `prefix`; empty if there is none.
std::string PrefixEnd(std::string_view prefix);

}  // namespace firn::storage
