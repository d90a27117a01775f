#include "storage/kv/environment/staged_tables.h"

#include <cstring>
#include <map>
#include <vector>

#include <rocksdb/file_system.h>

#include "base/mutex.h"

namespace firn::storage {

using rocksdb::FileOptions;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;

class StagedTables::Impl : public rocksdb::FileSystemWrapper {
 public:
  Impl(const std::shared_ptr<rocksdb::FileSystem>& base, const std::string& folder);

  void SetKeeping(const std::string& file, bool keeping);

  const char* Name() const override { return "staged"; }
  IOStatus NewRandomAccessFile(const std::string& name, const FileOptions& options,
                               std::unique_ptr<rocksdb::FSRandomAccessFile>* file,
                               IODebugContext* debug) override;
  // How a table is copied where files can't be linked.
  IOStatus NewSequentialFile(const std::string& name, const FileOptions& options,
                             std::unique_ptr<rocksdb::FSSequentialFile>* file,
                             IODebugContext* debug) override;
  IOStatus LinkFile(const std::string& from, const std::string& to, const IOOptions& options,
                    IODebugContext* debug) override;
  IOStatus DeleteFile(const std::string& name, const IOOptions& options,
                      IODebugContext* debug) override;

 private:
  class File;
  struct Piece {
    uint64_t offset;
    std::string bytes;
  };
  struct Known {
    bool keeping = false;
    std::vector<Piece> pieces;
    IOStatus failure;  // Of the first read that failed.
  };

  void Keep(const std::string& file, uint64_t offset, const rocksdb::Slice& bytes);
  // True if all of the `n` bytes were kept, which then are in `out`.
  bool ReadKept(const std::string& file, uint64_t offset, size_t n, char* out) const;
  void NoteFailure(const std::string& file, const IOStatus& status);
  IOStatus Failure(const std::string& file) const;

  const std::string prefix_;
  mutable Mutex mutex_;
  std::map<std::string, Known> known_ ABSL_GUARDED_BY(mutex_);
};

class StagedTables::Impl::File : public rocksdb::FSRandomAccessFileOwnerWrapper {
 public:
  File(std::unique_ptr<rocksdb::FSRandomAccessFile> file, std::string name, Impl* tables)
      : FSRandomAccessFileOwnerWrapper(std::move(file)), name_(std::move(name)), tables_(tables) {}

  IOStatus Read(uint64_t offset, size_t n, const IOOptions& options, rocksdb::Slice* result,
                char* scratch, IODebugContext* debug) const override {
    if (tables_->ReadKept(name_, offset, n, scratch)) {
      *result = rocksdb::Slice(scratch, n);
      return IOStatus::OK();
    }
    IOStatus status = target()->Read(offset, n, options, result, scratch, debug);
    if (status.ok()) {
      tables_->Keep(name_, offset, *result);
    } else {
      tables_->NoteFailure(name_, status);
    }
    return status;
  }
  IOStatus MultiRead(rocksdb::FSReadRequest* requests, size_t count, const IOOptions& options,
                     IODebugContext* debug) override {
    for (size_t i = 0; i < count; ++i) {
      rocksdb::FSReadRequest& r = requests[i];
      r.status = Read(r.offset, r.len, options, &r.result, r.scratch, debug);
    }
    return IOStatus::OK();
  }

 private:
  const std::string name_;
  Impl* const tables_;
};

StagedTables::Impl::Impl(const std::shared_ptr<rocksdb::FileSystem>& base,
                         const std::string& folder)
    : FileSystemWrapper(base), prefix_(folder + "/") {}

void StagedTables::Impl::SetKeeping(const std::string& file, bool keeping) {
  const MutexLock lock(&mutex_);
  known_[file].keeping = keeping;
}

void StagedTables::Impl::Keep(const std::string& file, uint64_t offset,
                              const rocksdb::Slice& bytes) {
  const MutexLock lock(&mutex_);
  const auto it = known_.find(file);
  if (it == known_.end() || !it->second.keeping) return;
  it->second.pieces.push_back({offset, bytes.ToString()});
}

bool StagedTables::Impl::ReadKept(const std::string& file, uint64_t offset, size_t n,
                                  char* out) const {
  const MutexLock lock(&mutex_);
  const auto it = known_.find(file);
  if (it == known_.end()) return false;
  for (const Piece& piece : it->second.pieces) {
    if (offset < piece.offset || offset + n > piece.offset + piece.bytes.size()) continue;
    std::memcpy(out, piece.bytes.data() + (offset - piece.offset), n);
    return true;
  }
  return false;
}

void StagedTables::Impl::NoteFailure(const std::string& file, const IOStatus& status) {
  const MutexLock lock(&mutex_);
  IOStatus& failure = known_[file].failure;
  if (failure.ok()) failure = status;
}

IOStatus StagedTables::Impl::Failure(const std::string& file) const {
  const MutexLock lock(&mutex_);
  const auto it = known_.find(file);
  return it == known_.end() ? IOStatus::OK() : it->second.failure;
}

IOStatus StagedTables::Impl::NewRandomAccessFile(const std::string& name,
                                                 const FileOptions& options,
                                                 std::unique_ptr<rocksdb::FSRandomAccessFile>* file,
                                                 IODebugContext* debug) {
  IOStatus status = target()->NewRandomAccessFile(name, options, file, debug);
  if (status.ok() && name.starts_with(prefix_)) {
    *file = std::make_unique<File>(std::move(*file), name, this);
  }
  return status;
}

IOStatus StagedTables::Impl::NewSequentialFile(const std::string& name, const FileOptions& options,
                                               std::unique_ptr<rocksdb::FSSequentialFile>* file,
                                               IODebugContext* debug) {
  if (IOStatus failure = Failure(name); !failure.ok()) return failure;
  return target()->NewSequentialFile(name, options, file, debug);
}

IOStatus StagedTables::Impl::LinkFile(const std::string& from, const std::string& to,
                                      const IOOptions& options, IODebugContext* debug) {
  if (IOStatus failure = Failure(from); !failure.ok()) return failure;
  return target()->LinkFile(from, to, options, debug);
}

IOStatus StagedTables::Impl::DeleteFile(const std::string& name, const IOOptions& options,
                                        IODebugContext* debug) {
  if (name.starts_with(prefix_)) {
    const MutexLock lock(&mutex_);
    known_.erase(name);
  }
  return target()->DeleteFile(name, options, debug);
}

StagedTables::StagedTables(const std::shared_ptr<rocksdb::FileSystem>& base,
                           const std::string& folder)
    : impl_(std::make_shared<Impl>(base, folder)) {}

StagedTables::~StagedTables() = default;

std::shared_ptr<rocksdb::FileSystem> StagedTables::files() const { return impl_; }

void StagedTables::SetKeeping(const std::string& file, bool keeping) {
  impl_->SetKeeping(file, keeping);
}

}  // namespace firn::storage
