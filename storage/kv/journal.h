// The journal family: entries under ascending numbers, and the series definitions that are
// written with them. Keys and values: docs/format/journal.md.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/mutex.h"
#include "storage/kv/writer.h"

namespace firn::storage {

// Thread-safe. Borrows `db` and `writer`. The contract of the methods is in store.h.
class Journal {
 public:
  static Result<std::unique_ptr<Journal>> Open(OpenDb* db, Writer* writer);

  Result<uint64_t> Append(std::string_view entry, std::span<const SeriesRecord> new_series);
  Status Replay(const NumberedVisitor& visit) const;
  Result<std::string> Read(uint64_t number) const;
  Status Truncate(uint64_t first_kept);
  // Deletes tables that hold only forgotten entries, if a truncation left some behind.
  Status Reclaim();

  Status ScanSeries(const NumberedVisitor& visit) const;
  Status DeleteSeries(std::span<const uint64_t> numbers);

  uint64_t first_number() const { return first_.load(std::memory_order_relaxed); }
  uint64_t next_number() const { return next_.load(std::memory_order_relaxed); }
  uint64_t appends() const { return appends_.load(std::memory_order_relaxed); }

 private:
  Journal(OpenDb* db, Writer* writer) : db_(db), writer_(writer) {}
  Status ReclaimLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(truncate_mutex_);

  OpenDb* const db_;
  Writer* const writer_;
  std::atomic<uint64_t> next_{1};
  std::atomic<uint64_t> first_{0};  // Entries below are forgotten.
  std::atomic<uint64_t> appends_{0};
  Mutex truncate_mutex_;
  bool reclaim_ ABSL_GUARDED_BY(truncate_mutex_) = true;
};

}  // namespace firn::storage
