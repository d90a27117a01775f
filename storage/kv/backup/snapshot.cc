#include "storage/kv/backup/snapshot.h"

#include <algorithm>
#include <charconv>
#include <filesystem>

#include <rocksdb/db.h>
#include <rocksdb/file_system.h>
#include <rocksdb/utilities/checkpoint.h>

#include "storage/kv/guard_file.h"
#include "storage/kv/rocks_status.h"

namespace firn::storage {
namespace {

constexpr std::string_view kManifestPrefix = "MANIFEST-";
constexpr std::string_view kTableSuffix = ".sst";

uint64_t ParseDigits(std::string_view text) {
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() ? number : 0;
}

Status SyncDirectory(rocksdb::FileSystem* fs, const std::string& path) {
  std::unique_ptr<rocksdb::FSDirectory> directory;
  FIRN_RETURN_IF_ERROR(FromRocks(fs->NewDirectory(path, {}, &directory, nullptr), path));
  return FromRocks(directory->Fsync({}, nullptr), path);
}

// What RocksDB put there.
Result<GuardState> Describe(rocksdb::FileSystem* fs, const std::string& path) {
  std::vector<std::string> names;
  FIRN_RETURN_IF_ERROR(FromRocks(fs->GetChildren(path, {}, &names, nullptr), path));
  GuardState state;
  std::string manifest;
  for (const std::string& name : names) {
    if (name.starts_with(kManifestPrefix)) {
      manifest = path + "/" + name;
      state.manifest_number = ParseDigits(std::string_view(name).substr(kManifestPrefix.size()));
    } else if (name.ends_with(kTableSuffix)) {
      state.tables.push_back(
          ParseDigits(std::string_view(name).substr(0, name.size() - kTableSuffix.size())));
    }
  }
  if (state.manifest_number == 0) return Corruption("{}: the copy has no MANIFEST", path);
  std::sort(state.tables.begin(), state.tables.end());
  state.table_count = state.tables.size();
  FIRN_RETURN_IF_ERROR(
      FromRocks(fs->GetFileSize(manifest, {}, &state.manifest_bytes, nullptr), manifest));
  PrefixHasher hasher;
  FIRN_RETURN_IF_ERROR(HashPrefix(fs, manifest, state.manifest_bytes, &hasher));
  state.manifest_hash = hasher.Hash();
  return state;
}

Status Fill(const OpenDb& db, uint64_t sequence, const std::string& path) {
  rocksdb::Checkpoint* made = nullptr;
  FIRN_RETURN_IF_ERROR(FromRocks(rocksdb::Checkpoint::Create(db.db(), &made), "snapshot"));
  const std::unique_ptr<rocksdb::Checkpoint> checkpoint(made);
  FIRN_RETURN_IF_ERROR(FromRocks(checkpoint->CreateCheckpoint(path), "snapshot"));
  FIRN_ASSIGN_OR_RETURN(GuardState state, Describe(db.fs(), path));
  state.sequence = sequence;
  return GuardFile::Create(db.fs(), path, state);
}

}  // namespace

Status MakeSnapshot(const OpenDb& db, uint64_t sequence, const std::string& path) {
  rocksdb::FileSystem* const fs = db.fs();
  if (fs->FileExists(path, {}, nullptr).ok()) return InvalidArgument("{} exists already", path);
  const std::filesystem::path parent = std::filesystem::path(path).parent_path();
  const std::string draft = path + ".partial";
  std::error_code error;
  std::filesystem::create_directories(parent, error);
  if (error) return Io("{}: {}", parent.string(), error.message());
  std::filesystem::remove_all(draft, error);
  Status status = Fill(db, sequence, draft);
  if (status.ok()) status = FromRocks(fs->RenameFile(draft, path, {}, nullptr), path);
  if (!status.ok()) {
    std::filesystem::remove_all(draft, error);
    return status;
  }
  return SyncDirectory(fs, parent.string());
}

}  // namespace firn::storage
