// A RocksDB environment over the real file system whose operations fail on demand, and which
// can take back what was not synced, as a power cut does.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

namespace rocksdb {
class Env;
}

namespace firn::storage {

enum class Fault : uint8_t { kIoError, kNoSpace, kHalfWritten };

// Thread-safe but for CutPower.
class FaultFs {
 public:
  FaultFs();
  ~FaultFs();

  // Valid as long as this object. Sleeps of RocksDB's own are cut to two milliseconds.
  rocksdb::Env* env();

  // The n-th operation from now (counted from 1) fails, and if `sticky` all after it.
  void Arm(uint64_t n, Fault fault, bool sticky);
  void Disarm();
  // Since construction: operations, and those that failed.
  uint64_t operations() const;
  uint64_t fired() const;

  // Bytes that GetFreeSpace reports; negative for the truth.
  void SetFreeSpace(int64_t bytes);

  // Takes from the disk what a power cut might: unsynced ends of files (whole or torn),
  // renames and new files whose directory was not synced, unsynced overwrites. What exactly
  // depends on `seed`. REQUIRES: nothing is open.
  void CutPower(uint64_t seed);

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
  std::unique_ptr<rocksdb::Env> env_;
};

}  // namespace firn::storage
