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
  using Fetch = std::function<Result<std::string>(uint64_t entry)>;
  explicit ReplayBases(Fetch fetch) : fetch_(std::move(fetch)) {}

  // An entry holds this value as a whole.
  void Note(uint64_t series, const JournalBase& base) {
    Row& row = RowOf(series);
    row[series % BaseRow::kSeries] = base;
  }
  // What the entry holds of the series. It is nearly always the last that was noted, else the entry
  // is read again: NotFound if there is none or it holds nothing.
  Result<double> Find(uint64_t series, uint64_t entry) {
    const JournalBase& last = RowOf(series)[series % BaseRow::kSeries];
    return last.entry == entry ? last.value : FindFetched(series, entry);
  }

 private:
  using Row = std::array<JournalBase, BaseRow::kSeries>;

  Row& RowOf(uint64_t series) {
    const uint64_t block = series / BaseRow::kSeries;
    return last_row_ != nullptr && block == last_block_ ? *last_row_ : FindRow(block);
  }
  Row& FindRow(uint64_t block);
  Result<double> FindFetched(uint64_t series, uint64_t entry);

  const Fetch fetch_;
  absl::flat_hash_map<uint64_t, std::unique_ptr<Row>> rows_;
  uint64_t last_block_ = 0;
  Row* last_row_ = nullptr;
  uint64_t fetched_entry_ = 0;
  absl::flat_hash_map<uint64_t, double> fetched_;
};

}  // namespace firn::engine
