// Backups: any number of copies of a directory, in another one, where each file is kept once
// under its content's hash. Layout: docs/format/backup.md.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/status.h"
#include "base/time.h"

namespace firn::storage {

struct BackupInfo {
  std::string id;  // The time of the backup, "20260131T235959.000Z": ids order by time.
  uint64_t files = 0;
  uint64_t bytes = 0;
  uint64_t new_files = 0;  // Those that no earlier backup had. Only known of a new backup.
  uint64_t new_bytes = 0;
};

// The id of a backup that is made at `time`.
std::string BackupId(TimestampMs time);

// Called with the bytes that were handled since the last call.
using BackupProgress = std::function<void(uint64_t bytes)>;

// Adds the files of `source`, which must not change meanwhile, and returns when they are on
// disk and were read back. A backup that is cut off does not exist, though its files speed up
// the next one. Io; InvalidArgument if the repository has a backup of this time already.
Result<BackupInfo> AddBackup(const std::string& source, const std::string& repository,
                             TimestampMs time, const BackupProgress& progress);

// Oldest first. NotFound if `repository` is none; Corruption if a list of files is damaged.
Result<std::vector<BackupInfo>> ListBackups(const std::string& repository);

// Reads all files of a backup (the newest if `id` is empty) and compares their hashes.
// Corruption names the files; NotFound if there is no such backup.
Result<BackupInfo> VerifyBackup(const std::string& repository, const std::string& id,
                                const BackupProgress& progress);

// Makes `target` of a backup (the newest if `id` is empty), verifying all bytes; on an error it
// does not exist. InvalidArgument if `target` exists and is not empty.
Result<BackupInfo> RestoreBackup(const std::string& repository, const std::string& id,
                                 const std::string& target, const BackupProgress& progress);

// Removes all backups but the newest `keep`, and files that none needs. REQUIRES: keep > 0.
// Returns the number of backups removed.
Result<uint64_t> PruneBackups(const std::string& repository, uint64_t keep);

}  // namespace firn::storage
