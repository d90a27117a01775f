// The parts of an open store, and their order of life.
#pragma once

#include <memory>
#include <string>

#include "storage/kv/guard_keeper.h"
#include "storage/kv/health.h"
#include "storage/kv/journal.h"
#include "storage/kv/pages/page_store.h"
#include "storage/kv/writer.h"

namespace firn::storage {

// Thread-safe but for Open and Close.
class StoreCore {
 public:
  static Result<std::unique_ptr<StoreCore>> Open(const StoreOptions& options);
  ~StoreCore();

  void Tick();
  Status Close();
  StoreFigures Figures() const;
  Status Snapshot(const std::string& path) const;

  // REQUIRES: not closed.
  OpenDb& db() const { return *db_; }
  Writer& writer() const { return *writer_; }
  Journal& journal() const { return *journal_; }
  PageStore& pages() const { return *pages_; }
  const Health& health() const { return *health_; }
  const RecoveryReport& recovery() const { return recovery_; }

 private:
  explicit StoreCore(const StoreOptions& options) : options_(options) {}

  Status OpenParts(const GuardState& guard, bool is_new);
  Status CheckFormat();
  void Report(const GuardState& guard, uint64_t recovered);
  void WatchDisk();
  bool RoomToResume() const;

  const StoreOptions options_;
  RecoveryReport recovery_;
  std::shared_ptr<Health> health_;
  std::shared_ptr<GuardKeeper> guard_;
  std::shared_ptr<OpenDb> db_;  // Null once closed.
  std::unique_ptr<Writer> writer_;
  std::unique_ptr<Journal> journal_;
  std::unique_ptr<PageStore> pages_;
};

}  // namespace firn::storage
