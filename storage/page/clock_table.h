// The clocks of a window: its distinct time columns. Series of one scrape share one, so time
// costs next to nothing; series name them by number. Layout: docs/format/page.md.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <absl/container/flat_hash_map.h>

#include "base/status.h"
#include "base/time.h"

namespace firn::storage {

struct ClockRef {
  uint32_t clock = 0;
  uint32_t first = 0;  // Where in the clock the times begin.
};

// Collects clocks in memory, coded. One thread at a time.
class ClockTableBuilder {
 public:
  // The clock that holds `times`, whole or as a part; a new one if there is none.
  // REQUIRES: !times.empty(), ascending strictly.
  ClockRef Add(std::span<const TimestampMs> times);

  size_t size() const { return clocks_.size(); }
  // Payloads of the clock pages, and the number of the first clock in each.
  struct Pages {
    std::vector<std::string> payloads;
    std::vector<uint32_t> first_clocks;
  };
  Pages Encode() const;

 private:
  struct Clock {
    uint32_t count;
    uint32_t length;
    uint64_t offset;  // Into bytes_.
  };
  struct Recent {
    uint32_t clock = 0;
    std::vector<TimestampMs> times;
  };
  bool Equals(const Clock& clock, std::span<const TimestampMs> times) const;
  void Remember(uint32_t clock, std::span<const TimestampMs> times);

  std::string bytes_;
  std::vector<Clock> clocks_;
  absl::flat_hash_map<uint64_t, uint32_t> by_hash_;
  // Neighbours in label order mostly share a scrape: the last few clocks stay decoded.
  std::array<Recent, 8> recent_;
  size_t next_recent_ = 0;
};

// Appends the times of the `index`-th clock of a page to `out`.
Status DecodeClock(std::string_view payload, uint32_t index, std::vector<TimestampMs>* out);

}  // namespace firn::storage
