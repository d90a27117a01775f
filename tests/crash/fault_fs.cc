#include "tests/crash/fault_fs.h"

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>
#include <optional>
#include <random>
#include <set>
#include <vector>

#include <rocksdb/env.h>
#include <rocksdb/file_system.h>
#include <rocksdb/system_clock.h>

namespace firn::storage {

namespace fs = std::filesystem;
using rocksdb::FileOptions;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;
using rocksdb::Slice;

namespace {

std::optional<std::string> ReadWhole(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return std::nullopt;
  return std::string(std::istreambuf_iterator<char>(in), {});
}

void WriteWhole(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

std::string Parent(const std::string& path) { return fs::path(path).parent_path().string(); }

class NoSleep : public rocksdb::SystemClockWrapper {
 public:
  using SystemClockWrapper::SystemClockWrapper;
  const char* Name() const override { return "nosleep"; }
  void SleepForMicroseconds(int us) override { target_->SleepForMicroseconds(std::min(us, 2000)); }
};

class FaultEnv : public rocksdb::EnvWrapper {
 public:
  explicit FaultEnv(std::shared_ptr<rocksdb::FileSystem> file_system)
      : EnvWrapper(rocksdb::Env::Default()) {
    file_system_ = std::move(file_system);
    system_clock_ = std::make_shared<NoSleep>(rocksdb::SystemClock::Default());
  }
  const char* Name() const override { return "fault"; }
};

// What of the files would survive a power cut.
class Durability {
 public:
  void Created(const std::string& path) {
    const std::lock_guard<std::mutex> lock(mutex_);
    synced_[path] = 0;
    new_names_.insert(path);
  }
  void Synced(const std::string& path, uint64_t bytes) {
    const std::lock_guard<std::mutex> lock(mutex_);
    synced_[path] = bytes;
  }
  void Removed(const std::string& path) {
    const std::lock_guard<std::mutex> lock(mutex_);
    synced_.erase(path);
    new_names_.erase(path);
  }
  void Linked(const std::string& from, const std::string& to) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (synced_.count(from) != 0) synced_[to] = synced_[from];
    new_names_.insert(to);
  }
  void Renamed(const std::string& from, const std::string& to, std::optional<std::string> old) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (const auto it = synced_.find(from); it != synced_.end()) {
      synced_[to] = it->second;
      synced_.erase(it);
    }
    new_names_.erase(from);
    renames_.push_back({to, std::move(old)});
  }
  void DirectorySynced(const std::string& directory) {
    const std::lock_guard<std::mutex> lock(mutex_);
    std::erase_if(new_names_, [&](const auto& name) { return Parent(name) == directory; });
    std::erase_if(renames_, [&](const auto& r) { return Parent(r.path) == directory; });
  }
  void Overwritten(const std::string& path, uint64_t offset, std::string old) {
    const std::lock_guard<std::mutex> lock(mutex_);
    overwrites_.push_back({path, offset, std::move(old)});
  }
  void OverwritesSynced(const std::string& path) {
    const std::lock_guard<std::mutex> lock(mutex_);
    std::erase_if(overwrites_, [&](const auto& o) { return o.path == path; });
  }

  void Cut(std::mt19937_64* random) {
    const std::lock_guard<std::mutex> lock(mutex_);
    for (auto it = overwrites_.rbegin(); it != overwrites_.rend(); ++it) {
      // None, some or all of the new bytes reached the disk.
      const uint64_t taken_back = (*random)() % 3 * it->old.size() / 2;
      std::fstream file(it->path, std::ios::binary | std::ios::in | std::ios::out);
      file.seekp(static_cast<std::streamoff>(it->offset + it->old.size() - taken_back));
      file.write(it->old.data() + it->old.size() - taken_back,
                 static_cast<std::streamsize>(taken_back));
    }
    for (const auto& [path, bytes] : synced_) {
      std::error_code gone;
      const uint64_t size = fs::file_size(path, gone);
      if (gone || size <= bytes) continue;
      const uint64_t torn = (*random)() % 2 == 0 ? 0 : (*random)() % (size - bytes + 1);
      fs::resize_file(path, bytes + torn);
    }
    for (auto it = renames_.rbegin(); it != renames_.rend(); ++it) {
      if ((*random)() % 2 == 0) continue;
      if (it->old) {
        WriteWhole(it->path, *it->old);
      } else {
        fs::remove(it->path);
      }
    }
    for (const std::string& name : new_names_) {
      if ((*random)() % 2 == 0) fs::remove(name);
    }
    synced_.clear();
    new_names_.clear();
    renames_.clear();
    overwrites_.clear();
  }

 private:
  struct Rename {
    std::string path;
    std::optional<std::string> old;  // Content that the new name replaced.
  };
  struct Overwrite {
    std::string path;
    uint64_t offset;
    std::string old;
  };
  std::mutex mutex_;
  std::map<std::string, uint64_t> synced_;
  std::set<std::string> new_names_;
  std::vector<Rename> renames_;
  std::vector<Overwrite> overwrites_;
};

}  // namespace

class FaultFs::Impl : public rocksdb::FileSystemWrapper {
 public:
  Impl() : FileSystemWrapper(rocksdb::FileSystem::Default()) {}
  const char* Name() const override { return "fault"; }

  // Counts an operation; the error if it is to fail.
  IOStatus Hit() {
    const uint64_t n = ++operations;
    const uint64_t at = fail_at.load();
    if (at == 0 || n < at || (n > at && !sticky.load())) return IOStatus::OK();
    ++fired;
    return fault.load() == Fault::kNoSpace ? IOStatus::NoSpace("injected")
                                           : IOStatus::IOError("injected");
  }
  bool half_written() const { return fault.load() == Fault::kHalfWritten; }

  IOStatus NewSequentialFile(const std::string& name, const FileOptions& options,
                             std::unique_ptr<rocksdb::FSSequentialFile>* file,
                             IODebugContext* dbg) override;
  IOStatus NewRandomAccessFile(const std::string& name, const FileOptions& options,
                               std::unique_ptr<rocksdb::FSRandomAccessFile>* file,
                               IODebugContext* dbg) override;
  IOStatus NewWritableFile(const std::string& name, const FileOptions& options,
                           std::unique_ptr<rocksdb::FSWritableFile>* file,
                           IODebugContext* dbg) override;
  IOStatus NewRandomRWFile(const std::string& name, const FileOptions& options,
                           std::unique_ptr<rocksdb::FSRandomRWFile>* file,
                           IODebugContext* dbg) override;
  IOStatus NewDirectory(const std::string& name, const IOOptions& options,
                        std::unique_ptr<rocksdb::FSDirectory>* directory,
                        IODebugContext* dbg) override;

  IOStatus DeleteFile(const std::string& name, const IOOptions& o, IODebugContext* dbg) override {
    if (IOStatus s = Hit(); !s.ok()) return s;
    IOStatus s = target()->DeleteFile(name, o, dbg);
    if (s.ok()) durability.Removed(name);
    return s;
  }
  IOStatus RenameFile(const std::string& from, const std::string& to, const IOOptions& o,
                      IODebugContext* dbg) override {
    if (IOStatus s = Hit(); !s.ok()) return s;
    std::optional<std::string> old = ReadWhole(to);
    IOStatus s = target()->RenameFile(from, to, o, dbg);
    if (s.ok()) durability.Renamed(from, to, std::move(old));
    return s;
  }
  IOStatus LinkFile(const std::string& from, const std::string& to, const IOOptions& o,
                    IODebugContext* dbg) override {
    if (IOStatus s = Hit(); !s.ok()) return s;
    IOStatus s = target()->LinkFile(from, to, o, dbg);
    if (s.ok()) durability.Linked(from, to);
    return s;
  }
  IOStatus GetFreeSpace(const std::string& path, const IOOptions& o, uint64_t* bytes,
                        IODebugContext* dbg) override {
    if (free_space.load() < 0) return target()->GetFreeSpace(path, o, bytes, dbg);
    *bytes = static_cast<uint64_t>(free_space.load());
    return IOStatus::OK();
  }

  std::atomic<uint64_t> operations{0};
  std::atomic<uint64_t> fired{0};
  std::atomic<uint64_t> fail_at{0};
  std::atomic<bool> sticky{false};
  std::atomic<Fault> fault{Fault::kIoError};
  std::atomic<int64_t> free_space{-1};
  Durability durability;
};

namespace {

template <typename Impl>
class SequentialFile : public rocksdb::FSSequentialFileOwnerWrapper {
 public:
  SequentialFile(std::unique_ptr<rocksdb::FSSequentialFile>&& file, Impl* impl)
      : FSSequentialFileOwnerWrapper(std::move(file)), impl_(impl) {}
  IOStatus Read(size_t n, const IOOptions& o, Slice* result, char* scratch,
                IODebugContext* dbg) override {
    if (IOStatus s = impl_->Hit(); !s.ok()) return s;
    return FSSequentialFileOwnerWrapper::Read(n, o, result, scratch, dbg);
  }

 private:
  Impl* impl_;
};

template <typename Impl>
class RandomAccessFile : public rocksdb::FSRandomAccessFileOwnerWrapper {
 public:
  RandomAccessFile(std::unique_ptr<rocksdb::FSRandomAccessFile>&& file, Impl* impl)
      : FSRandomAccessFileOwnerWrapper(std::move(file)), impl_(impl) {}
  IOStatus Read(uint64_t offset, size_t n, const IOOptions& o, Slice* result, char* scratch,
                IODebugContext* dbg) const override {
    if (IOStatus s = impl_->Hit(); !s.ok()) return s;
    return FSRandomAccessFileOwnerWrapper::Read(offset, n, o, result, scratch, dbg);
  }

 private:
  Impl* impl_;
};

template <typename Impl>
class WritableFile : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  WritableFile(std::unique_ptr<rocksdb::FSWritableFile>&& file, std::string name, Impl* impl)
      : FSWritableFileOwnerWrapper(std::move(file)), name_(std::move(name)), impl_(impl) {}
  IOStatus Append(const Slice& data, const IOOptions& o, IODebugContext* dbg) override {
    if (IOStatus s = impl_->Hit(); !s.ok()) {
      if (impl_->half_written()) {
        target()->Append(Slice(data.data(), data.size() / 2), o, dbg).PermitUncheckedError();
        bytes_ += data.size() / 2;
      }
      return s;
    }
    bytes_ += data.size();
    return target()->Append(data, o, dbg);
  }
  IOStatus Append(const Slice& data, const IOOptions& o, const rocksdb::DataVerificationInfo&,
                  IODebugContext* dbg) override {
    return Append(data, o, dbg);
  }
  IOStatus Sync(const IOOptions& o, IODebugContext* dbg) override {
    if (IOStatus s = impl_->Hit(); !s.ok()) return s;
    impl_->durability.Synced(name_, bytes_);
    return target()->Sync(o, dbg);
  }
  IOStatus Fsync(const IOOptions& o, IODebugContext* dbg) override { return Sync(o, dbg); }
  IOStatus Close(const IOOptions& o, IODebugContext* dbg) override {
    IOStatus s = impl_->Hit();
    IOStatus closed = target()->Close(o, dbg);
    return s.ok() ? closed : s;
  }
  IOStatus RangeSync(uint64_t, uint64_t, const IOOptions&, IODebugContext*) override {
    return IOStatus::OK();
  }

 private:
  const std::string name_;
  Impl* impl_;
  uint64_t bytes_ = 0;
};

template <typename Impl>
class RandomRwFile : public rocksdb::FSRandomRWFileOwnerWrapper {
 public:
  RandomRwFile(std::unique_ptr<rocksdb::FSRandomRWFile>&& file, std::string name, Impl* impl)
      : FSRandomRWFileOwnerWrapper(std::move(file)), name_(std::move(name)), impl_(impl) {}
  IOStatus Write(uint64_t offset, const Slice& data, const IOOptions& o,
                 IODebugContext* dbg) override {
    const std::optional<std::string> old = ReadWhole(name_);
    if (old && old->size() >= offset + data.size()) {
      impl_->durability.Overwritten(name_, offset, old->substr(offset, data.size()));
    }
    if (IOStatus s = impl_->Hit(); !s.ok()) {
      if (impl_->half_written()) {
        const Slice half(data.data(), data.size() / 2);
        FSRandomRWFileOwnerWrapper::Write(offset, half, o, dbg).PermitUncheckedError();
      }
      return s;
    }
    return FSRandomRWFileOwnerWrapper::Write(offset, data, o, dbg);
  }
  IOStatus Fsync(const IOOptions& o, IODebugContext* dbg) override {
    if (IOStatus s = impl_->Hit(); !s.ok()) return s;
    impl_->durability.OverwritesSynced(name_);
    return FSRandomRWFileOwnerWrapper::Fsync(o, dbg);
  }

 private:
  const std::string name_;
  Impl* impl_;
};

template <typename Impl>
class Directory : public rocksdb::FSDirectoryWrapper {
 public:
  Directory(std::unique_ptr<rocksdb::FSDirectory>&& directory, std::string name, Impl* impl)
      : FSDirectoryWrapper(std::move(directory)), name_(std::move(name)), impl_(impl) {}
  IOStatus Fsync(const IOOptions& o, IODebugContext* dbg) override {
    if (IOStatus s = impl_->Hit(); !s.ok()) return s;
    impl_->durability.DirectorySynced(name_);
    return FSDirectoryWrapper::Fsync(o, dbg);
  }
  IOStatus FsyncWithDirOptions(const IOOptions& o, IODebugContext* dbg,
                               const rocksdb::DirFsyncOptions&) override {
    return Fsync(o, dbg);
  }

 private:
  const std::string name_;
  Impl* impl_;
};

}  // namespace

IOStatus FaultFs::Impl::NewSequentialFile(const std::string& name, const FileOptions& options,
                                          std::unique_ptr<rocksdb::FSSequentialFile>* file,
                                          IODebugContext* dbg) {
  if (IOStatus s = Hit(); !s.ok()) return s;
  std::unique_ptr<rocksdb::FSSequentialFile> inner;
  IOStatus s = target()->NewSequentialFile(name, options, &inner, dbg);
  if (s.ok()) *file = std::make_unique<SequentialFile<Impl>>(std::move(inner), this);
  return s;
}

IOStatus FaultFs::Impl::NewRandomAccessFile(const std::string& name, const FileOptions& options,
                                            std::unique_ptr<rocksdb::FSRandomAccessFile>* file,
                                            IODebugContext* dbg) {
  if (IOStatus s = Hit(); !s.ok()) return s;
  std::unique_ptr<rocksdb::FSRandomAccessFile> inner;
  IOStatus s = target()->NewRandomAccessFile(name, options, &inner, dbg);
  if (s.ok()) *file = std::make_unique<RandomAccessFile<Impl>>(std::move(inner), this);
  return s;
}

IOStatus FaultFs::Impl::NewWritableFile(const std::string& name, const FileOptions& options,
                                        std::unique_ptr<rocksdb::FSWritableFile>* file,
                                        IODebugContext* dbg) {
  if (IOStatus s = Hit(); !s.ok()) return s;
  std::unique_ptr<rocksdb::FSWritableFile> inner;
  IOStatus s = target()->NewWritableFile(name, options, &inner, dbg);
  if (!s.ok()) return s;
  durability.Created(name);
  *file = std::make_unique<WritableFile<Impl>>(std::move(inner), name, this);
  return s;
}

IOStatus FaultFs::Impl::NewRandomRWFile(const std::string& name, const FileOptions& options,
                                        std::unique_ptr<rocksdb::FSRandomRWFile>* file,
                                        IODebugContext* dbg) {
  if (IOStatus s = Hit(); !s.ok()) return s;
  std::unique_ptr<rocksdb::FSRandomRWFile> inner;
  IOStatus s = target()->NewRandomRWFile(name, options, &inner, dbg);
  if (s.ok()) *file = std::make_unique<RandomRwFile<Impl>>(std::move(inner), name, this);
  return s;
}

IOStatus FaultFs::Impl::NewDirectory(const std::string& name, const IOOptions& options,
                                     std::unique_ptr<rocksdb::FSDirectory>* directory,
                                     IODebugContext* dbg) {
  if (IOStatus s = Hit(); !s.ok()) return s;
  std::unique_ptr<rocksdb::FSDirectory> inner;
  IOStatus s = target()->NewDirectory(name, options, &inner, dbg);
  if (s.ok()) *directory = std::make_unique<Directory<Impl>>(std::move(inner), name, this);
  return s;
}

FaultFs::FaultFs() : impl_(std::make_shared<Impl>()), env_(std::make_unique<FaultEnv>(impl_)) {}
FaultFs::~FaultFs() = default;

rocksdb::Env* FaultFs::env() { return env_.get(); }

void FaultFs::Arm(uint64_t n, Fault fault, bool sticky) {
  impl_->fault.store(fault);
  impl_->sticky.store(sticky);
  impl_->fail_at.store(impl_->operations.load() + n);
}

void FaultFs::Disarm() { impl_->fail_at.store(0); }
uint64_t FaultFs::operations() const { return impl_->operations.load(); }
uint64_t FaultFs::fired() const { return impl_->fired.load(); }
void FaultFs::SetFreeSpace(int64_t bytes) { impl_->free_space.store(bytes); }

void FaultFs::CutPower(uint64_t seed) {
  std::mt19937_64 random(seed);
  impl_->durability.Cut(&random);
}

}  // namespace firn::storage
