// The guard file of a directory, and the check of the directory against it.
#pragma once

#include <memory>
#include <string>

#include "base/status.h"
#include "storage/kv/guard.h"

namespace rocksdb {
class FileSystem;
class FSRandomRWFile;
}  // namespace rocksdb

namespace firn::storage {

// What a directory holds before RocksDB opens it.
struct DirectoryState {
  bool is_new = false;  // No store yet, or one whose creation was interrupted.
  GuardState guard;
};

// Compares the files of `path` with its guard without changing anything. NotFound if there
// is neither a store nor a trace of one; Corruption with the names of the files that are
// not what the guard says.
Result<DirectoryState> CheckDirectory(rocksdb::FileSystem* fs, const std::string& path);

// Adds bytes [hasher->bytes(), size) of a file. Corruption if the file is shorter.
Status HashPrefix(rocksdb::FileSystem* fs, const std::string& file, uint64_t size,
                  PrefixHasher* hasher);

// One thread at a time.
class GuardFile {
 public:
  // Creates the file, durably, with `state` in it.
  static Status Create(rocksdb::FileSystem* fs, const std::string& path, const GuardState& state);
  static Result<std::unique_ptr<GuardFile>> Open(rocksdb::FileSystem* fs, const std::string& path);
  ~GuardFile();

  // Overwrites the older slot and syncs. After an error the newer slot still stands.
  Status Write(const GuardState& state);

 private:
  explicit GuardFile(std::unique_ptr<rocksdb::FSRandomRWFile> file);
  std::unique_ptr<rocksdb::FSRandomRWFile> file_;
};

}  // namespace firn::storage
