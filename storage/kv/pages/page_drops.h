// Page ranges that were dropped and whose disk space is still to be freed, once no page source
// reads them any more. Until then a range is hidden from new sources, or, where newer pages
// share it, its old keys are deleted one by one. There are no range tombstones in this store:
// with them iterators of RocksDB 7.8 may end without a word where a table is damaged.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "storage/kv/writer.h"

namespace firn::storage {

// Which page sources are open. Thread-safe.
class ReaderRegistry {
 public:
  // A reader of the keys in `range` only, or of any key.
  uint64_t Enter(std::optional<KeyRange> range);
  void Leave(uint64_t ticket);
  // Readers that enter from now on get this ticket or a higher one.
  uint64_t NextTicket() const;
  // True if no reader with a lower ticket may read keys of `range`.
  bool GoneBefore(uint64_t ticket, const KeyRange& range) const;

 private:
  mutable Mutex mutex_;
  uint64_t next_ ABSL_GUARDED_BY(mutex_) = 0;
  std::map<uint64_t, std::optional<KeyRange>> live_ ABSL_GUARDED_BY(mutex_);
};

struct PageDrop {
  uint64_t id = 0;
  // Hidden: no live page is in the range, whose tables can be deleted as they are. Else the
  // old keys are deleted, and only compaction frees their space.
  bool hidden = true;
  KeyRange range;
  uint64_t reader_mark = 0;  // Readers with lower tickets may still need the pages.
};

// First and last key of a batch, both inclusive.
struct KeySpan {
  std::string first;
  std::string last;
};

// One thread at a time (the publisher's mutex). Borrows all that it is made of.
class PageDrops {
 public:
  PageDrops(OpenDb* db, Writer* writer, const ReaderRegistry* readers)
      : db_(db), writer_(writer), readers_(readers) {}

  Status Load();

  // What a publication of pages `batch` (null for none) that drops `dropped` must record,
  // atomically with itself, in the store's own family; ascending keys.
  struct Plan {
    std::vector<PageDrop> drops;     // New ones, and known ones that changed.
    std::set<std::string> old_keys;  // To be deleted ahead of the new pages.
    std::vector<std::pair<std::string, std::string>> records;
  };
  Result<Plan> Prepare(const KeySpan* batch, const std::vector<KeyRange>& dropped) const;
  // The publication of `plan` is durable.
  void Committed(Plan plan);

  // Frees what no reader needs, by compaction only if `may_compact`. After an error the
  // rest waits for the next call.
  Status Run(bool may_compact);
  // Ranges that new sources must not see.
  std::vector<KeyRange> Hidden() const;

 private:
  // False if only a compaction could free the range and none is allowed.
  Result<bool> Free(const PageDrop& drop, bool may_compact);
  Status Compact(const PageDrop& drop);
  // Adds the keys of all pages in `range`.
  Status CollectKeys(const KeyRange& range, std::set<std::string>* keys) const;

  OpenDb* const db_;
  Writer* const writer_;
  const ReaderRegistry* const readers_;
  uint64_t next_id_ = 1;
  std::vector<PageDrop> drops_;  // Ascending id.
};

}  // namespace firn::storage
