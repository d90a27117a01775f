// The guard: what a data directory must at least contain, so that cut, lost or replaced
// files are noticed before RocksDB opens the directory and tidies it. Layout:
// docs/format/journal.md.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace firn::storage {

constexpr size_t kGuardSlotBytes = 4096;
constexpr size_t kGuardSlots = 2;

struct GuardState {
  uint64_t generation = 0;  // Counts writes; the slot is generation % kGuardSlots.
  bool clean = false;       // The store was closed after this state was taken.
  uint64_t sequence = 0;    // Last RocksDB sequence number that is known to be synced.
  uint64_t lost_total = 0;  // Sequence numbers found missing by recoveries so far.

  // 0 means that RocksDB has not created its files yet.
  uint64_t manifest_number = 0;
  uint64_t manifest_bytes = 0;  // The MANIFEST has at least so many bytes,
  uint64_t manifest_hash = 0;   // ... and they hash to this.

  // Table files in use, ascending; as many as fit.
  uint64_t table_count = 0;
  std::vector<uint64_t> tables;

  friend bool operator==(const GuardState&, const GuardState&) = default;
};

// One slot, kGuardSlotBytes long. Leaves out tables that do not fit.
std::string EncodeGuardSlot(const GuardState& state);
// Corruption if the checksum or the layout is wrong.
Result<GuardState> DecodeGuardSlot(std::string_view slot);
// The newest valid slot of a whole guard file. Corruption if there is none.
Result<GuardState> DecodeGuardFile(std::string_view file);

// Hash over a growing prefix of a file: chained over 64 KiB blocks, so that the hash of a
// longer prefix continues from the last whole block. One thread at a time.
class PrefixHasher {
 public:
  void Add(std::string_view bytes);
  // Hash of all bytes added so far; more may follow.
  uint64_t Hash() const;
  uint64_t bytes() const { return bytes_; }

 private:
  uint64_t chain_ = 0;
  uint64_t bytes_ = 0;
  std::string partial_;  // Tail that does not fill a block yet.
};

}  // namespace firn::storage
