// RocksDB's own lock on a directory, for work on its files while RocksDB is not open.
#pragma once

#include <memory>
#include <string>

#include "base/status.h"

namespace rocksdb {
class FileLock;
class FileSystem;
}  // namespace rocksdb

namespace firn::storage {

// Held as long as this lives. Borrows the file system.
class DirectoryLock {
 public:
  // Unavailable if a process, this one included, has the directory open.
  static Result<std::unique_ptr<DirectoryLock>> Take(rocksdb::FileSystem* fs,
                                                     const std::string& path);
  ~DirectoryLock();
  DirectoryLock(const DirectoryLock&) = delete;
  DirectoryLock& operator=(const DirectoryLock&) = delete;

 private:
  DirectoryLock(rocksdb::FileSystem* fs, rocksdb::FileLock* lock) : fs_(fs), lock_(lock) {}
  rocksdb::FileSystem* const fs_;
  rocksdb::FileLock* const lock_;
};

}  // namespace firn::storage
