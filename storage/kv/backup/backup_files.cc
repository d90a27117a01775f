#include "storage/kv/backup/backup_files.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

#include "storage/kv/guard.h"

namespace firn::storage {
namespace {

constexpr size_t kBlockBytes = 1 << 20;

Status FromErrno(const std::string& path) {
  const int error = errno;
  if (error == ENOENT) return NotFound("{} does not exist", path);
  return Io("{}: {}", path, std::generic_category().message(error));
}

class File {
 public:
  File() = default;
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() {
    if (fd_ >= 0) close(fd_);
  }

  Status Open(const std::string& path, int flags) {
    path_ = path;
    fd_ = open(path.c_str(), flags | O_CLOEXEC, 0644);
    return fd_ >= 0 ? OkStatus() : FromErrno(path);
  }
  // 0 at the end.
  Result<size_t> Read(char* out, size_t bytes) const {
    ssize_t n = 0;
    do {
      n = read(fd_, out, bytes);
    } while (n < 0 && errno == EINTR);
    if (n < 0) return FromErrno(path_);
    return static_cast<size_t>(n);
  }
  Status Write(std::string_view bytes) const {
    while (!bytes.empty()) {
      const ssize_t n = write(fd_, bytes.data(), bytes.size());
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return FromErrno(path_);
      bytes.remove_prefix(static_cast<size_t>(n));
    }
    return OkStatus();
  }
  Status Sync() const { return fsync(fd_) == 0 ? OkStatus() : FromErrno(path_); }

 private:
  std::string path_;
  int fd_ = -1;
};

// `take` gets every block of the file.
template <typename Take>
Result<FileHash> ReadBlocks(const std::string& path, const BackupProgress& progress,
                            const Take& take) {
  File in;
  FIRN_RETURN_IF_ERROR(in.Open(path, O_RDONLY));
  PrefixHasher hasher;
  std::string block(kBlockBytes, '\0');
  while (true) {
    FIRN_ASSIGN_OR_RETURN(const size_t n, in.Read(block.data(), block.size()));
    if (n == 0) break;
    const std::string_view bytes(block.data(), n);
    hasher.Add(bytes);
    FIRN_RETURN_IF_ERROR(take(bytes));
    progress(n);
  }
  return FileHash{.hash = hasher.Hash(), .bytes = hasher.bytes()};
}

}  // namespace

Result<FileHash> HashFile(const std::string& path, const BackupProgress& progress) {
  return ReadBlocks(path, progress, [](std::string_view) { return OkStatus(); });
}

Result<FileHash> CopyFile(const std::string& source, const std::string& target,
                          const BackupProgress& progress) {
  File out;
  FIRN_RETURN_IF_ERROR(out.Open(target, O_WRONLY | O_CREAT | O_TRUNC));
  FIRN_ASSIGN_OR_RETURN(
      const FileHash hash,
      ReadBlocks(source, progress, [&](std::string_view bytes) { return out.Write(bytes); }));
  FIRN_RETURN_IF_ERROR(out.Sync());
  return hash;
}

Status WriteFileDurably(const std::string& path, std::string_view bytes) {
  File out;
  FIRN_RETURN_IF_ERROR(out.Open(path, O_WRONLY | O_CREAT | O_TRUNC));
  FIRN_RETURN_IF_ERROR(out.Write(bytes));
  return out.Sync();
}

Result<std::string> ReadWholeFile(const std::string& path) {
  std::string all;
  const auto none = [](uint64_t) {};
  FIRN_RETURN_IF_ERROR(ReadBlocks(path, none, [&](std::string_view bytes) {
                         all += bytes;
                         return OkStatus();
                       }).status());
  return all;
}

Status SyncDirectory(const std::string& path) {
  File directory;
  FIRN_RETURN_IF_ERROR(directory.Open(path, O_RDONLY | O_DIRECTORY));
  return directory.Sync();
}

Status MakeDirectories(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  return error ? Io("{}: {}", path, error.message()) : OkStatus();
}

Status Rename(const std::string& from, const std::string& to) {
  std::error_code error;
  std::filesystem::rename(from, to, error);
  return error ? Io("{}: {}", to, error.message()) : OkStatus();
}

}  // namespace firn::storage
