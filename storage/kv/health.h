// Whether the store takes writes, and when to try again after an error.
#pragma once

#include <cstdint>
#include <string>

#include "base/clock.h"
#include "base/mutex.h"

namespace firn::storage {

// Thread-safe.
class Health {
 public:
  // Borrows `clock`.
  explicit Health(const Clock* clock) : clock_(clock) {}

  bool AcceptsWrites(std::string* why) const;

  // RocksDB stopped taking writes, or a write failed.
  void Failed(std::string why);
  // RocksDB works again.
  void Recovered();
  // Too little free disk; empty text when there is enough again.
  void SetDiskLow(std::string why);

  // A compaction met a damaged table. Writes go on: what it read stays as it is.
  void CompactionDamaged(std::string what);
  // What CompactionDamaged said since the last call; empty if nothing.
  std::string TakeDamage();
  uint64_t damaged_compactions() const;

  bool failed() const;
  // True if writes have failed and the pause since the last attempt is over; counts as an
  // attempt. Pauses grow from one second to five.
  bool TakeResumeTurn();

  uint64_t failures() const;
  uint64_t recoveries() const;

 private:
  const Clock* clock_;
  mutable Mutex mutex_;
  std::string error_ ABSL_GUARDED_BY(mutex_);
  std::string disk_low_ ABSL_GUARDED_BY(mutex_);
  TimestampMs next_attempt_ms_ ABSL_GUARDED_BY(mutex_) = 0;
  DurationMs pause_ms_ ABSL_GUARDED_BY(mutex_) = 0;
  std::string damage_ ABSL_GUARDED_BY(mutex_);
  uint64_t damaged_compactions_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t failures_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t recoveries_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace firn::storage
