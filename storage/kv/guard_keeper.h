// Keeps the guard file of an open store up to date.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "base/mutex.h"
#include "storage/kv/guard_file.h"

namespace rocksdb {
class DB;
}

namespace firn::storage {

// Thread-safe. A guard only ever states what is durable already: MANIFEST bytes that
// RocksDB has synced and sequence numbers that NoteDurable was told of.
class GuardKeeper {
 public:
  // `last` is what the file holds. Borrows `fs`.
  GuardKeeper(rocksdb::FileSystem* fs, std::string path, GuardState last);

  // All records up to `sequence` are synced.
  void NoteDurable(uint64_t sequence);
  uint64_t durable() const { return durable_.load(std::memory_order_relaxed); }
  // The files changed: the next Record is not skipped.
  void MarkDirty() { dirty_.store(true, std::memory_order_relaxed); }

  // After a recovery that ended at `sequence`: what it lost is counted and forgotten.
  void RestartAt(uint64_t sequence, uint64_t lost);

  // From now on Record works: RocksDB is open, or being closed (`armed` false).
  void Arm(bool armed) { armed_.store(armed, std::memory_order_relaxed); }

  // Writes the present state of `db` unless nothing changed since the last time or the
  // keeper is not armed. After an error the state stays dirty.
  Status Record(rocksdb::DB* db, bool clean = false);

  uint64_t writes() const { return writes_.load(std::memory_order_relaxed); }

 private:
  Status Collect(rocksdb::DB* db, GuardState* state) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  rocksdb::FileSystem* const fs_;
  const std::string path_;
  std::atomic<uint64_t> durable_{0};
  std::atomic<bool> dirty_{true};
  std::atomic<bool> armed_{false};
  std::atomic<uint64_t> writes_{0};

  Mutex mutex_;
  GuardState last_ ABSL_GUARDED_BY(mutex_);
  std::unique_ptr<GuardFile> file_ ABSL_GUARDED_BY(mutex_);
  // Of the MANIFEST with the number in `hashed_manifest_`.
  PrefixHasher hasher_ ABSL_GUARDED_BY(mutex_);
  uint64_t hashed_manifest_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace firn::storage
