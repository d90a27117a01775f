#include "storage/kv/events.h"

#include <rocksdb/listener.h>

#include "storage/kv/guard_keeper.h"
#include "storage/kv/health.h"

namespace firn::storage {

namespace {

class Events : public rocksdb::EventListener {
 public:
  Events(std::shared_ptr<Health> health, std::shared_ptr<GuardKeeper> guard)
      : health_(std::move(health)), guard_(std::move(guard)) {}

  const char* Name() const override { return "firn"; }

  // These run before RocksDB deletes the files that became obsolete, so that the guard knows
  // the MANIFEST edits that removed them.
  void OnFlushCompleted(rocksdb::DB* db, const rocksdb::FlushJobInfo&) override { Record(db); }
  void OnCompactionCompleted(rocksdb::DB* db, const rocksdb::CompactionJobInfo&) override {
    Record(db);
  }
  void OnExternalFileIngested(rocksdb::DB* db, const rocksdb::ExternalFileIngestionInfo&) override {
    Record(db);
  }

  void OnBackgroundError(rocksdb::BackgroundErrorReason reason, rocksdb::Status* error) override {
    // RocksDB would take no more writes, though nothing was written that does not verify.
    if (reason == rocksdb::BackgroundErrorReason::kCompaction && error->IsCorruption()) {
      health_->CompactionDamaged(error->ToString());
      *error = rocksdb::Status::OK();
      return;
    }
    health_->Failed(error->ToString());
    // RocksDB holds a plain I/O error for fatal and would only take a reopen. It is not:
    // resuming flushes the memtables and begins a new WAL, so a file whose fsync failed is
    // not trusted again.
    if (error->IsIOError() && error->severity() > rocksdb::Status::Severity::kHardError) {
      *error = rocksdb::Status(*error, rocksdb::Status::Severity::kHardError);
    }
  }
  // Resuming is the store's own business: only it knows whether the disk has room.
  void OnErrorRecoveryBegin(rocksdb::BackgroundErrorReason, rocksdb::Status,
                            bool* auto_recovery) override {
    *auto_recovery = false;
  }

 private:
  void Record(rocksdb::DB* db) {
    guard_->MarkDirty();
    // A failed write leaves the guard dirty; the next Tick tries again.
    static_cast<void>(guard_->Record(db).ok());
  }

  const std::shared_ptr<Health> health_;
  const std::shared_ptr<GuardKeeper> guard_;
};

}  // namespace

std::shared_ptr<rocksdb::EventListener> MakeEventListener(std::shared_ptr<Health> health,
                                                          std::shared_ptr<GuardKeeper> guard) {
  return std::make_shared<Events>(std::move(health), std::move(guard));
}

}  // namespace firn::storage
