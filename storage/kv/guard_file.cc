#include "storage/kv/guard_file.h"

#include <algorithm>
#include <optional>
#include <vector>

#include <fmt/core.h>
#include <rocksdb/file_system.h>

#include "storage/kv/rocks_status.h"

namespace firn::storage {

namespace {

constexpr std::string_view kGuardName = "GUARD";
constexpr std::string_view kManifestPrefix = "MANIFEST-";
constexpr std::string_view kAdvice =
    "nothing was changed; put the named files back, restore a backup, or run `firn repair`";

std::string PathOf(const std::string& directory, std::string_view name) {
  return fmt::format("{}/{}", directory, name);
}

std::string TableName(uint64_t number) { return fmt::format("{:06}.sst", number); }
std::string ManifestName(uint64_t number) {
  return fmt::format("{}{:06}", kManifestPrefix, number);
}

bool Exists(rocksdb::FileSystem* fs, const std::string& file) {
  return fs->FileExists(file, {}, nullptr).ok();
}

// Files that appear only after CURRENT does.
bool HasDataFiles(rocksdb::FileSystem* fs, const std::string& path) {
  std::vector<std::string> names;
  if (!fs->GetChildren(path, {}, &names, nullptr).ok()) return false;
  return std::any_of(names.begin(), names.end(), [](const std::string& name) {
    return name.ends_with(".sst") || name.ends_with(".log");
  });
}

// The number in "MANIFEST-000012\n".
std::optional<uint64_t> ParseCurrent(std::string_view text) {
  if (!text.starts_with(kManifestPrefix) || !text.ends_with('\n')) return std::nullopt;
  text.remove_prefix(kManifestPrefix.size());
  text.remove_suffix(1);
  if (text.empty() || text.size() > 18) return std::nullopt;
  uint64_t number = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    number = number * 10 + static_cast<uint64_t>(c - '0');
  }
  return number;
}

Status CheckTables(rocksdb::FileSystem* fs, const std::string& path, const GuardState& guard) {
  std::string missing;
  for (const uint64_t table : guard.tables) {
    const std::string name = TableName(table);
    if (Exists(fs, PathOf(path, name))) continue;
    missing += missing.empty() ? name : ", " + name;
  }
  if (missing.empty()) return OkStatus();
  return Corruption("{}: table files are missing: {}; {}", path, missing, kAdvice);
}

// The MANIFEST that the guard was taken of must still begin with the same bytes.
Status CheckManifest(rocksdb::FileSystem* fs, const std::string& path, const GuardState& guard) {
  const std::string name = ManifestName(guard.manifest_number);
  const std::string file = PathOf(path, name);
  uint64_t size = 0;
  FIRN_RETURN_IF_ERROR(FromRocks(fs->GetFileSize(file, {}, &size, nullptr), name));
  if (size < guard.manifest_bytes) {
    return Corruption("{}: {} has {} bytes, but {} were synced; {}", path, name, size,
                      guard.manifest_bytes, kAdvice);
  }
  PrefixHasher hasher;
  FIRN_RETURN_IF_ERROR(HashPrefix(fs, file, guard.manifest_bytes, &hasher));
  if (hasher.Hash() != guard.manifest_hash) {
    return Corruption("{}: the first {} bytes of {} are not those that were synced; {}", path,
                      guard.manifest_bytes, name, kAdvice);
  }
  // Later edits may have removed tables; RocksDB checks those that the edits leave.
  return size == guard.manifest_bytes ? CheckTables(fs, path, guard) : OkStatus();
}

}  // namespace

Result<DirectoryState> CheckDirectory(rocksdb::FileSystem* fs, const std::string& path) {
  const std::string guard_path = PathOf(path, kGuardName);
  const bool has_current = Exists(fs, PathOf(path, "CURRENT"));
  if (!Exists(fs, guard_path)) {
    if (!has_current && !HasDataFiles(fs, path)) return NotFound("{} holds no store", path);
    return Corruption("{}: GUARD is missing; {}", path, kAdvice);
  }
  std::string bytes;
  FIRN_RETURN_IF_ERROR(FromRocks(rocksdb::ReadFileToString(fs, guard_path, &bytes), "GUARD"));
  Result<GuardState> guard = DecodeGuardFile(bytes);
  if (!guard.ok()) return Corruption("{}: GUARD: {}; {}", path, guard.status().message(), kAdvice);
  DirectoryState state{.is_new = false, .guard = *std::move(guard)};
  if (!has_current) {
    if (state.guard.manifest_number != 0 || HasDataFiles(fs, path)) {
      return Corruption("{}: CURRENT is missing; {}", path, kAdvice);
    }
    state.is_new = true;
    return state;
  }
  std::string current;
  FIRN_RETURN_IF_ERROR(
      FromRocks(rocksdb::ReadFileToString(fs, PathOf(path, "CURRENT"), &current), "CURRENT"));
  const std::optional<uint64_t> number = ParseCurrent(current);
  if (!number || !Exists(fs, PathOf(path, ManifestName(*number)))) {
    return Corruption("{}: CURRENT names no MANIFEST that exists; {}", path, kAdvice);
  }
  if (*number < state.guard.manifest_number) {
    return Corruption("{}: CURRENT names {}, but {} was in use; {}", path, ManifestName(*number),
                      ManifestName(state.guard.manifest_number), kAdvice);
  }
  // A higher number: the last process died between RocksDB's switch and ours.
  if (*number == state.guard.manifest_number) {
    FIRN_RETURN_IF_ERROR(CheckManifest(fs, path, state.guard));
  }
  return state;
}

Status HashPrefix(rocksdb::FileSystem* fs, const std::string& file, uint64_t size,
                  PrefixHasher* hasher) {
  std::unique_ptr<rocksdb::FSSequentialFile> in;
  FIRN_RETURN_IF_ERROR(FromRocks(fs->NewSequentialFile(file, {}, &in, nullptr), file));
  FIRN_RETURN_IF_ERROR(FromRocks(in->Skip(hasher->bytes()), file));
  std::string buffer(64 << 10, '\0');
  while (hasher->bytes() < size) {
    const size_t n = std::min<uint64_t>(buffer.size(), size - hasher->bytes());
    rocksdb::Slice bytes;
    FIRN_RETURN_IF_ERROR(FromRocks(in->Read(n, {}, &bytes, buffer.data(), nullptr), file));
    if (bytes.empty()) return Corruption("{} ends at byte {}", file, hasher->bytes());
    hasher->Add({bytes.data(), bytes.size()});
  }
  return OkStatus();
}

GuardFile::GuardFile(std::unique_ptr<rocksdb::FSRandomRWFile> file) : file_(std::move(file)) {}
GuardFile::~GuardFile() = default;

Status GuardFile::Create(rocksdb::FileSystem* fs, const std::string& path,
                         const GuardState& state) {
  const std::string target = PathOf(path, kGuardName);
  const std::string draft = target + ".new";
  const std::string slot = EncodeGuardSlot(state);
  std::unique_ptr<rocksdb::FSWritableFile> out;
  FIRN_RETURN_IF_ERROR(FromRocks(fs->NewWritableFile(draft, {}, &out, nullptr), draft));
  for (size_t i = 0; i < kGuardSlots; ++i) {
    FIRN_RETURN_IF_ERROR(FromRocks(out->Append(slot, {}, nullptr), draft));
  }
  FIRN_RETURN_IF_ERROR(FromRocks(out->Fsync({}, nullptr), draft));
  FIRN_RETURN_IF_ERROR(FromRocks(out->Close({}, nullptr), draft));
  FIRN_RETURN_IF_ERROR(FromRocks(fs->RenameFile(draft, target, {}, nullptr), target));
  std::unique_ptr<rocksdb::FSDirectory> directory;
  FIRN_RETURN_IF_ERROR(FromRocks(fs->NewDirectory(path, {}, &directory, nullptr), path));
  return FromRocks(directory->Fsync({}, nullptr), path);
}

Result<std::unique_ptr<GuardFile>> GuardFile::Open(rocksdb::FileSystem* fs,
                                                   const std::string& path) {
  std::unique_ptr<rocksdb::FSRandomRWFile> file;
  FIRN_RETURN_IF_ERROR(
      FromRocks(fs->NewRandomRWFile(PathOf(path, kGuardName), {}, &file, nullptr), "GUARD"));
  return std::unique_ptr<GuardFile>(new GuardFile(std::move(file)));
}

Status GuardFile::Write(const GuardState& state) {
  const uint64_t offset = state.generation % kGuardSlots * kGuardSlotBytes;
  FIRN_RETURN_IF_ERROR(
      FromRocks(file_->Write(offset, EncodeGuardSlot(state), {}, nullptr), "GUARD"));
  return FromRocks(file_->Fsync({}, nullptr), "GUARD");
}

}  // namespace firn::storage
