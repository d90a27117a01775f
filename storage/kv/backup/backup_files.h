// Files as the repository copies them. Internal to storage/kv/backup.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/status.h"
#include "storage/kv/backup/repository.h"

namespace firn::storage {

struct FileHash {
  uint64_t hash = 0;
  uint64_t bytes = 0;
  friend bool operator==(const FileHash&, const FileHash&) = default;
};

// NotFound, Io.
Result<FileHash> HashFile(const std::string& path, const BackupProgress& progress);
// Writes `target` anew, synced, and returns the hash of what was read.
Result<FileHash> CopyFile(const std::string& source, const std::string& target,
                          const BackupProgress& progress);
Status WriteFileDurably(const std::string& path, std::string_view bytes);
Result<std::string> ReadWholeFile(const std::string& path);
// Makes renames and new files in the directory durable.
Status SyncDirectory(const std::string& path);
Status MakeDirectories(const std::string& path);
Status Rename(const std::string& from, const std::string& to);

}  // namespace firn::storage
