#include "storage/kv/backup/repository.h"

#include <algorithm>
#include <charconv>
#include <ctime>
#include <filesystem>
#include <set>

#include <fmt/core.h>

#include "base/hash.h"
#include "storage/kv/backup/backup_files.h"

namespace firn::storage {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kHeader = "firn backup 1\n";
constexpr std::string_view kEnd = "end ";
constexpr size_t kHashDigits = 16;

struct Entry {
  FileHash content;
  std::string path;  // In the directory that was copied.
};

struct FileList {
  std::string id;
  std::vector<Entry> entries;

  BackupInfo Info() const {
    BackupInfo info{.id = id, .files = entries.size()};
    for (const Entry& entry : entries) info.bytes += entry.content.bytes;
    return info;
  }
};

std::string ListPath(const std::string& repository, std::string_view id) {
  return fmt::format("{}/backups/{}", repository, id);
}

// The name has the size too: what is equal in both is taken for equal.
std::string ContentPath(const std::string& repository, const FileHash& content) {
  return fmt::format("{}/files/{:016x}-{}", repository, content.hash, content.bytes);
}

std::string EncodeList(const FileList& list) {
  std::string out(kHeader);
  for (const Entry& entry : list.entries) {
    out += fmt::format("{:016x} {} {}\n", entry.content.hash, entry.content.bytes, entry.path);
  }
  return out + fmt::format("{}{:016x}\n", kEnd, Xxh3(out));
}

template <typename T>
bool Parse(std::string_view text, int base, T* value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *value, base);
  return error == std::errc() && end == text.data() + text.size();
}

bool ParseEntry(std::string_view line, Entry* entry) {
  const size_t first = line.find(' ');
  const size_t second = first == std::string_view::npos ? first : line.find(' ', first + 1);
  if (second == std::string_view::npos) return false;
  entry->path = line.substr(second + 1);
  // A list leads nowhere but into the directory that is restored.
  const bool inside = !entry->path.empty() && entry->path[0] != '/' &&
                      ("/" + entry->path + "/").find("/../") == std::string::npos;
  return inside && Parse(line.substr(0, first), 16, &entry->content.hash) &&
         Parse(line.substr(first + 1, second - first - 1), 10, &entry->content.bytes);
}

Result<FileList> DecodeList(std::string_view id, std::string_view text) {
  const Status damaged = Corruption("the list of backup {} is damaged", id);
  const size_t tail = kEnd.size() + kHashDigits + 1;
  if (!text.starts_with(kHeader) || text.size() < kHeader.size() + tail) return damaged;
  const std::string_view body = text.substr(0, text.size() - tail);
  if (text.substr(body.size()) != fmt::format("{}{:016x}\n", kEnd, Xxh3(body))) return damaged;
  FileList list{.id = std::string(id), .entries = {}};
  std::string_view lines = body.substr(kHeader.size());
  while (!lines.empty()) {
    const size_t end = lines.find('\n');
    Entry entry;
    if (end == std::string_view::npos || !ParseEntry(lines.substr(0, end), &entry)) return damaged;
    list.entries.push_back(std::move(entry));
    lines.remove_prefix(end + 1);
  }
  return list;
}

// Ascending.
Result<std::vector<std::string>> BackupIds(const std::string& repository) {
  std::error_code error;
  std::vector<std::string> ids;
  fs::directory_iterator files(repository + "/backups", error);
  if (error) return NotFound("{} holds no backups", repository);
  for (; files != fs::directory_iterator(); files.increment(error)) {
    const std::string name = files->path().filename().string();
    if (!name.ends_with(".new")) ids.push_back(name);
  }
  if (error) return Io("{}: {}", repository, error.message());
  std::sort(ids.begin(), ids.end());
  return ids;
}

// The newest if `id` is empty.
Result<FileList> ReadList(const std::string& repository, std::string id) {
  FIRN_ASSIGN_OR_RETURN(const std::vector<std::string> ids, BackupIds(repository));
  if (id.empty() && !ids.empty()) id = ids.back();
  if (std::find(ids.begin(), ids.end(), id) == ids.end()) {
    return NotFound("{} holds no backup {}", repository, id);
  }
  FIRN_ASSIGN_OR_RETURN(const std::string text, ReadWholeFile(ListPath(repository, id)));
  return DecodeList(id, text);
}

Result<std::vector<std::string>> FilesBelow(const std::string& directory) {
  std::error_code error;
  std::vector<std::string> files;
  fs::recursive_directory_iterator it(directory, error);
  for (; !error && it != fs::recursive_directory_iterator(); it.increment(error)) {
    if (it->is_regular_file()) {
      files.push_back(fs::path(it->path()).lexically_relative(directory).string());
    }
  }
  if (error) return Io("{}: {}", directory, error.message());
  std::sort(files.begin(), files.end());
  return files;
}

// Puts a file among the contents unless it is there. The copy is read back.
Result<bool> AddContent(const std::string& source, const std::string& repository,
                        const FileHash& content) {
  const auto none = [](uint64_t) {};
  const std::string target = ContentPath(repository, content);
  std::error_code error;
  if (fs::file_size(target, error) == content.bytes && !error) return false;
  const std::string draft = target + ".new";
  FIRN_ASSIGN_OR_RETURN(const FileHash copied, CopyFile(source, draft, none));
  if (copied != content) return Io("{} changed while it was copied", source);
  FIRN_ASSIGN_OR_RETURN(const FileHash read_back, HashFile(draft, none));
  if (read_back != content) return Io("{} was not written as it is", target);
  FIRN_RETURN_IF_ERROR(Rename(draft, target));
  return true;
}

Status CopyInto(const std::string& repository, const FileList& list, const std::string& target,
                const BackupProgress& progress) {
  std::set<std::string> directories = {target};
  for (const Entry& entry : list.entries) {
    const std::string path = target + "/" + entry.path;
    const std::string directory = fs::path(path).parent_path().string();
    if (directories.insert(directory).second) FIRN_RETURN_IF_ERROR(MakeDirectories(directory));
    FIRN_ASSIGN_OR_RETURN(const FileHash copied,
                          CopyFile(ContentPath(repository, entry.content), path, progress));
    if (copied != entry.content) return Corruption("{} is damaged in the backup", entry.path);
  }
  for (const std::string& directory : directories) FIRN_RETURN_IF_ERROR(SyncDirectory(directory));
  return OkStatus();
}

}  // namespace

std::string BackupId(TimestampMs time) {
  const std::time_t seconds = FloorTo(time, kSecondMs) / kSecondMs;
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  return fmt::format("{:04}{:02}{:02}T{:02}{:02}{:02}.{:03}Z", utc.tm_year + 1900, utc.tm_mon + 1,
                     utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec,
                     time - FloorTo(time, kSecondMs));
}

Result<BackupInfo> AddBackup(const std::string& source, const std::string& repository,
                             TimestampMs time, const BackupProgress& progress) {
  for (const char* part : {"/backups", "/files"}) {
    FIRN_RETURN_IF_ERROR(MakeDirectories(repository + part));
  }
  FileList list{.id = BackupId(time), .entries = {}};
  const std::string list_path = ListPath(repository, list.id);
  if (fs::exists(list_path)) return InvalidArgument("{} exists already", list_path);
  FIRN_ASSIGN_OR_RETURN(const std::vector<std::string> files, FilesBelow(source));
  uint64_t new_files = 0;
  uint64_t new_bytes = 0;
  for (const std::string& file : files) {
    const std::string path = source + "/" + file;
    FIRN_ASSIGN_OR_RETURN(const FileHash content, HashFile(path, progress));
    FIRN_ASSIGN_OR_RETURN(const bool added, AddContent(path, repository, content));
    if (added) {
      ++new_files;
      new_bytes += content.bytes;
    }
    list.entries.push_back({content, file});
  }
  FIRN_RETURN_IF_ERROR(SyncDirectory(repository + "/files"));
  FIRN_RETURN_IF_ERROR(WriteFileDurably(list_path + ".new", EncodeList(list)));
  FIRN_RETURN_IF_ERROR(Rename(list_path + ".new", list_path));
  FIRN_RETURN_IF_ERROR(SyncDirectory(repository + "/backups"));
  BackupInfo info = list.Info();
  info.new_files = new_files;
  info.new_bytes = new_bytes;
  return info;
}

Result<std::vector<BackupInfo>> ListBackups(const std::string& repository) {
  FIRN_ASSIGN_OR_RETURN(const std::vector<std::string> ids, BackupIds(repository));
  std::vector<BackupInfo> backups;
  for (const std::string& id : ids) {
    FIRN_ASSIGN_OR_RETURN(const FileList list, ReadList(repository, id));
    backups.push_back(list.Info());
  }
  return backups;
}

Result<BackupInfo> VerifyBackup(const std::string& repository, const std::string& id,
                                const BackupProgress& progress) {
  FIRN_ASSIGN_OR_RETURN(const FileList list, ReadList(repository, id));
  std::string bad;
  for (const Entry& entry : list.entries) {
    const Result<FileHash> hash = HashFile(ContentPath(repository, entry.content), progress);
    if (!hash.ok() && hash.status().code() != StatusCode::kNotFound) return hash.status();
    if (hash.ok() && *hash == entry.content) continue;
    bad += fmt::format("{}{} ({})", bad.empty() ? "" : ", ", entry.path,
                       hash.ok() ? "damaged" : "missing");
  }
  if (!bad.empty()) return Corruption("backup {}: {}", list.id, bad);
  return list.Info();
}

Result<BackupInfo> RestoreBackup(const std::string& repository, const std::string& id,
                                 const std::string& target, const BackupProgress& progress) {
  std::error_code error;
  if (fs::exists(target, error) && !fs::is_empty(target, error)) {
    return InvalidArgument("{} exists and is not empty", target);
  }
  FIRN_ASSIGN_OR_RETURN(const FileList list, ReadList(repository, id));
  const std::string draft = fs::path(target).lexically_normal().string() + ".partial";
  fs::remove_all(draft, error);
  FIRN_RETURN_IF_ERROR(MakeDirectories(draft));
  Status status = CopyInto(repository, list, draft, progress);
  if (status.ok()) status = Rename(draft, target);
  if (!status.ok()) {
    fs::remove_all(draft, error);
    return status;
  }
  FIRN_RETURN_IF_ERROR(SyncDirectory(fs::absolute(target).parent_path().string()));
  return list.Info();
}

Result<uint64_t> PruneBackups(const std::string& repository, uint64_t keep) {
  FIRN_CHECK(keep > 0);
  FIRN_ASSIGN_OR_RETURN(const std::vector<std::string> ids, BackupIds(repository));
  const uint64_t removed = ids.size() > keep ? ids.size() - keep : 0;
  std::set<std::string> needed;
  for (size_t i = removed; i < ids.size(); ++i) {
    FIRN_ASSIGN_OR_RETURN(const FileList list, ReadList(repository, ids[i]));
    for (const Entry& entry : list.entries) needed.insert(ContentPath(repository, entry.content));
  }
  std::error_code error;
  for (size_t i = 0; i < removed && !error; ++i) fs::remove(ListPath(repository, ids[i]), error);
  if (error) return Io("{}: {}", repository, error.message());
  // First no list may name a file, then it goes.
  FIRN_RETURN_IF_ERROR(SyncDirectory(repository + "/backups"));
  FIRN_ASSIGN_OR_RETURN(const std::vector<std::string> files, FilesBelow(repository + "/files"));
  for (const std::string& file : files) {
    const std::string path = repository + "/files/" + file;
    if (!needed.contains(path)) fs::remove(path, error);
    if (error) return Io("{}: {}", path, error.message());
  }
  return removed;
}

}  // namespace firn::storage
