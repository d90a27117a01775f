#include "storage/kv/environment/manifest_watch.h"

#include <atomic>
#include <string_view>

#include <rocksdb/file_system.h>

namespace firn::storage {

using rocksdb::FileOptions;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;

namespace {

std::string_view BaseName(std::string_view path) { return path.substr(path.find_last_of('/') + 1); }

class ManifestWatch : public rocksdb::FileSystemWrapper {
 public:
  ManifestWatch(const std::shared_ptr<rocksdb::FileSystem>& base, const std::string& staging)
      : FileSystemWrapper(base), staging_(staging + "/") {}

  const char* Name() const override { return "manifest"; }
  IOStatus NewWritableFile(const std::string& name, const FileOptions& options,
                           std::unique_ptr<rocksdb::FSWritableFile>* file,
                           IODebugContext* debug) override;
  IOStatus RenameFile(const std::string& from, const std::string& to, const IOOptions& options,
                      IODebugContext* debug) override;
  IOStatus DeleteFile(const std::string& name, const IOOptions& options,
                      IODebugContext* debug) override;

 private:
  class Manifest;
  IOStatus SyncDirectoryOf(const std::string& path, const IOOptions& options,
                           IODebugContext* debug);

  const std::string staging_;
  std::atomic<bool> doubtful_{false};
};

class ManifestWatch::Manifest : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  Manifest(std::unique_ptr<rocksdb::FSWritableFile> file, std::atomic<bool>* doubtful)
      : FSWritableFileOwnerWrapper(std::move(file)), doubtful_(doubtful) {}

  IOStatus Append(const rocksdb::Slice& data, const IOOptions& options,
                  IODebugContext* debug) override {
    return Watched(target()->Append(data, options, debug));
  }
  IOStatus Append(const rocksdb::Slice& data, const IOOptions& options,
                  const rocksdb::DataVerificationInfo& info, IODebugContext* debug) override {
    return Watched(target()->Append(data, options, info, debug));
  }
  IOStatus Flush(const IOOptions& options, IODebugContext* debug) override {
    return Watched(target()->Flush(options, debug));
  }
  IOStatus Sync(const IOOptions& options, IODebugContext* debug) override {
    return Watched(target()->Sync(options, debug));
  }
  IOStatus Fsync(const IOOptions& options, IODebugContext* debug) override {
    return Watched(target()->Fsync(options, debug));
  }

 private:
  IOStatus Watched(IOStatus status) {
    if (!status.ok()) doubtful_->store(true);
    return status;
  }

  std::atomic<bool>* const doubtful_;
};

IOStatus ManifestWatch::NewWritableFile(const std::string& name, const FileOptions& options,
                                        std::unique_ptr<rocksdb::FSWritableFile>* file,
                                        IODebugContext* debug) {
  IOStatus status = target()->NewWritableFile(name, options, file, debug);
  if (status.ok() && BaseName(name).starts_with("MANIFEST-")) {
    *file = std::make_unique<Manifest>(std::move(*file), &doubtful_);
  }
  return status;
}

IOStatus ManifestWatch::RenameFile(const std::string& from, const std::string& to,
                                   const IOOptions& options, IODebugContext* debug) {
  if (BaseName(to) != "CURRENT") return target()->RenameFile(from, to, options, debug);
  IOStatus status = SyncDirectoryOf(to, options, debug);
  if (status.ok()) status = target()->RenameFile(from, to, options, debug);
  if (status.ok()) doubtful_.store(false);
  return status;
}

IOStatus ManifestWatch::SyncDirectoryOf(const std::string& path, const IOOptions& options,
                                        IODebugContext* debug) {
  std::unique_ptr<rocksdb::FSDirectory> directory;
  IOStatus status =
      target()->NewDirectory(path.substr(0, path.find_last_of('/')), options, &directory, debug);
  return status.ok() ? directory->Fsync(options, debug) : status;
}

IOStatus ManifestWatch::DeleteFile(const std::string& name, const IOOptions& options,
                                   IODebugContext* debug) {
  if (doubtful_.load() && name.ends_with(".sst") && !name.starts_with(staging_)) {
    return IOStatus::Aborted("the MANIFEST may name it", name);
  }
  if (BaseName(name).starts_with("MANIFEST-")) {
    const std::string directory = name.substr(0, name.find_last_of('/') + 1);
    std::string current;
    IOStatus status = rocksdb::ReadFileToString(target(), directory + "CURRENT", &current);
    if (!status.ok() && !status.IsNotFound() && !status.IsPathNotFound()) return status;
    if (current == std::string(BaseName(name)) + "\n") {
      return IOStatus::Aborted("CURRENT names it", name);
    }
  }
  return target()->DeleteFile(name, options, debug);
}

}  // namespace

std::shared_ptr<rocksdb::FileSystem> WatchManifest(const std::shared_ptr<rocksdb::FileSystem>& base,
                                                   const std::string& staging) {
  return std::make_shared<ManifestWatch>(base, staging);
}

}  // namespace firn::storage
