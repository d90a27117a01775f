// A store that is only looked at: reads what can be read of a directory, however damaged the rest
// is, and changes nothing in it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "storage/kv/store.h"

namespace firn::storage {

// Records that cannot be read: some of those with first <= key and, unless `last` is empty, key <
// last. How many there were is not known.
struct RecordGap {
  std::string first;
  std::string last;
  std::string error;
};

// Thread-safe but for Open. The directory is locked as long as this lives.
class StoreReader {
 public:
  using GapVisitor = std::function<Status(const RecordGap& gap)>;

  // Unavailable if a process has the directory open; NotFound if it holds no store; Corruption
  // or Io if its files cannot be made sense of at all. Uses path, block_cache_bytes and env.
  static Result<std::unique_ptr<StoreReader>> Open(const StoreOptions& options);
  ~StoreReader();
  StoreReader(const StoreReader&) = delete;
  StoreReader& operator=(const StoreReader&) = delete;

  // What is wrong with the directory as a whole, for people; empty if nothing.
  const std::vector<std::string>& damage() const;
  // What the log does not hold any more although it was synced, in records of the store.
  uint64_t lost_sequences() const;
  // The log has damage, so that any journal number that is missing may be a lost entry.
  bool log_damaged() const;

  // Visits the records of one kind in key order, and gaps between them. Numbers are keys of 8
  // bytes, big-endian. Of the journal only entries that are not forgotten.
  Status Scan(RecordKind kind, const KeyValueVisitor& visit, const GapVisitor& on_gap) const;
  // The record under `key`; NotFound, Corruption.
  Result<std::string> Get(RecordKind kind, std::string_view key) const;
  // Entries below are forgotten.
  uint64_t first_journal_number() const;

  // Without pages that were dropped and are not deleted yet.
  std::shared_ptr<const PageSource> Pages() const;

  // Reads every block of every table file in use.
  Status CheckTables(const std::function<Status(const TableCheck& table)>& visit) const;
  uint64_t table_bytes() const;

 private:
  class Impl;
  explicit StoreReader(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace firn::storage
