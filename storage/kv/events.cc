#include "storage/kv/events.h"

#include <rocksdb/listener.h>
#include <spdlog/spdlog.h>

#include "storage/kv/guard_keeper.h"
#include "storage/kv/health.h"
#include "storage/kv/open_db.h"
#include "storage/kv/pages/ingestion_gate.h"

namespace firn::storage {

namespace {

class Events : public rocksdb::EventListener {
 public:
  Events(std::shared_ptr<Health> health, std::shared_ptr<GuardKeeper> guard,
         std::shared_ptr<IngestionGate> gate)
      : health_(std::move(health)), guard_(std::move(guard)), gate_(std::move(gate)) {}

  const char* Name() const override { return "firn"; }

  void OnCompactionBegin(rocksdb::DB*, const rocksdb::CompactionJobInfo& info) override {
    if (!IsIngestedInto(info) || gate_->BeginCompaction()) return;
    spdlog::warn("store: a compaction of {} did not wait for an ingestion to end", info.cf_name);
  }

  // These run before RocksDB deletes the files that became obsolete, so that the guard knows
  // the MANIFEST edits that removed them.
  void OnFlushCompleted(rocksdb::DB* db, const rocksdb::FlushJobInfo&) override { Record(db); }
  void OnCompactionCompleted(rocksdb::DB* db, const rocksdb::CompactionJobInfo& info) override {
    Record(db);
    if (IsIngestedInto(info)) gate_->EndCompaction();
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
  static bool IsIngestedInto(const rocksdb::CompactionJobInfo& info) {
    return info.cf_name == FamilyName(kPagesFamily) || info.cf_name == FamilyName(kCatalogFamily) ||
           info.cf_name == FamilyName(kOwnFamily);
  }
  void Record(rocksdb::DB* db) {
    guard_->MarkDirty();
    // A failed write leaves the guard dirty; the next Tick tries again.
    static_cast<void>(guard_->Record(db).ok());
  }

  const std::shared_ptr<Health> health_;
  const std::shared_ptr<GuardKeeper> guard_;
  const std::shared_ptr<IngestionGate> gate_;
};

}  // namespace

std::shared_ptr<rocksdb::EventListener> MakeEventListener(std::shared_ptr<Health> health,
                                                          std::shared_ptr<GuardKeeper> guard,
                                                          std::shared_ptr<IngestionGate> gate) {
  return std::make_shared<Events>(std::move(health), std::move(guard), std::move(gate));
}

}  // namespace firn::storage
