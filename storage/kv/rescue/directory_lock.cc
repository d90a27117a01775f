#include "storage/kv/rescue/directory_lock.h"

#include <rocksdb/file_system.h>

namespace firn::storage {

Result<std::unique_ptr<DirectoryLock>> DirectoryLock::Take(rocksdb::FileSystem* fs,
                                                           const std::string& path) {
  rocksdb::FileLock* lock = nullptr;
  const rocksdb::Status status = fs->LockFile(path + "/LOCK", {}, &lock, nullptr);
  if (!status.ok()) {
    return Unavailable("another firn uses this directory: {} ({})", path, status.ToString());
  }
  return std::unique_ptr<DirectoryLock>(new DirectoryLock(fs, lock));
}

DirectoryLock::~DirectoryLock() { fs_->UnlockFile(lock_, {}, nullptr).PermitUncheckedError(); }

}  // namespace firn::storage
