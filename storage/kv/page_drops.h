// Page ranges that were dropped logically and whose disk space is still to be freed, once no
// page source reads them any more.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
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
  // False once newer pages share the range: then only compaction may free it.
  bool whole_files = true;
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
    std::vector<PageDrop> drops;  // New ones, and known ones that changed.
    std::vector<std::pair<std::string, std::string>> records;
  };
  Plan Prepare(const KeySpan* batch, const std::vector<KeyRange>& dropped) const;
  // The publication of `plan` is durable.
  void Committed(Plan plan);

  // Frees what no reader needs. After an error the rest waits for the next call.
  Status Run();
  bool empty() const { return drops_.empty(); }

 private:
  Status Free(const PageDrop& drop);

  OpenDb* const db_;
  Writer* const writer_;
  const ReaderRegistry* const readers_;
  uint64_t next_id_ = 1;
  std::vector<PageDrop> drops_;  // Ascending id.
};

}  // namespace firn::storage
