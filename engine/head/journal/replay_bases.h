// The values that entries of a journal are differences to, while it is replayed.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include <absl/container/flat_hash_map.h>

#include "base/status.h"
#include "engine/head/journal/journal_base.h"

namespace firn::engine {

// Used by one thread.
class ReplayBases {
 public:
  // The bytes of an entry that was replayed before; NotFound if there is none.
  using ReadEntry = std::function<Result<std::string>(uint64_t entry)>;
  explicit ReplayBases(ReadEntry read) : read_(std::move(read)) {}

  // An entry holds this value as a whole.
  void Note(uint64_t series, const JournalBase& base) {
    Recent& recent = RecentOf(series);
    recent.before = recent.last;
    recent.last = base;
  }
  // What the entry holds of the series, if that is one of the two that were noted last; else null.
  // Those before are asked for only where several requests crossed.
  const double* Find(uint64_t series, uint64_t entry) {
    const Recent& recent = RecentOf(series);
    if (recent.last.entry == entry) return &recent.last.value;
    return recent.before.entry == entry ? &recent.before.value : nullptr;
  }
  // The same of any, for which the entry is read again: NotFound if there is none or it holds
  // nothing.
  Result<double> Fetch(uint64_t series, uint64_t entry);

 private:
  struct Recent {
    JournalBase last;
    JournalBase before;
  };
  using Row = std::array<Recent, BaseRow::kSeries>;

  Recent& RecentOf(uint64_t series) {
    const uint64_t block = series / BaseRow::kSeries;
    Row& row = last_row_ != nullptr && block == last_block_ ? *last_row_ : FindRow(block);
    return row[series % BaseRow::kSeries];
  }
  Row& FindRow(uint64_t block);

  const ReadEntry read_;
  absl::flat_hash_map<uint64_t, std::unique_ptr<Row>> rows_;
  uint64_t last_block_ = 0;
  Row* last_row_ = nullptr;
  uint64_t fetched_entry_ = 0;
  absl::flat_hash_map<uint64_t, double> fetched_;
};

}  // namespace firn::engine
