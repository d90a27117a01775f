// What earlier requests showed of their senders: how the labels of a series look on the wire,
// and which series follows which. Senders repeat both, so the next series of a request is
// recognised by a hash over its bytes, and labels are read only when something is new.
#pragma once

#include <atomic>
#include <cstdint>
#include <string_view>

#include "base/hash.h"
#include "engine/head/registry/block_array.h"
#include "engine/head/registry/series_numbers.h"

namespace firn::engine {

// Thread-safe. What it remembers may be lost or out of date and is never wrong: the same bytes
// are the same labels for ever, and numbers of series are not used twice.
class SenderMemory {
 public:
  SenderMemory();

  struct Guess {
    uint64_t series = 0;  // 0: none.
    uint32_t bytes = 0;   // Of its labels on the wire.
  };
  // The series that came after `previous` (0: none) if `wire` begins with its labels as they
  // were remembered. That two sets of labels have the same hash of 64 bits, under a key that
  // no sender knows, is taken to be as impossible as for checksums.
  Guess Recognise(uint64_t previous, std::string_view wire) const;
  // `series` came with labels as in `wire`, after `previous` (0: it was the first).
  void Remember(uint64_t previous, uint64_t series, std::string_view wire);
  // Forgets the series of the same block of numbers (series_numbers.h) as this one.
  // REQUIRES: nobody else uses the memory meanwhile.
  void ForgetBlock(uint64_t series) { entries_.FreeBlock(series); }

 private:
  struct Entry {
    std::atomic<uint64_t> hash{0};
    std::atomic<uint32_t> bytes{0};  // 0: not known.
    std::atomic<uint32_t> next{0};
  };

  const KeyedHash hash_;
  BlockArray<Entry, kSeriesNumbersMax, kSeriesNumbersPerBlock> entries_;
};

}  // namespace firn::engine
