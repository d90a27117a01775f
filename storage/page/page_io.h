// The narrow interface between page layouts and whatever stores them: ordered keys to
// immutable byte strings. Implemented over RocksDB, over memory in tests, and by anything
// else that can hold a block.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/status.h"

namespace firn::storage {

// All keys with first <= key < last.
struct KeyRange {
  std::string first;
  std::string last;
};

// Takes the pages of one window. One thread at a time.
class PageSink {
 public:
  virtual ~PageSink() = default;
  // REQUIRES: keys ascend strictly.
  virtual Status Put(std::string_view key, std::string_view page) = 0;
};

// Bytes that stay valid as long as `owner` lives.
struct PinnedPage {
  std::shared_ptr<const void> owner;
  std::string_view bytes;
};

// Thread-safe. A snapshot: what it yields does not change while it lives.
class PageSource {
 public:
  virtual ~PageSource() = default;
  // NotFound; Corruption or Io if the store cannot read it.
  virtual Result<PinnedPage> Get(std::string_view key) const = 0;
  // Calls `visit` for each page with first <= key < last in key order until it fails.
  virtual Status Scan(
      std::string_view first, std::string_view last,
      const std::function<Status(std::string_view key, PinnedPage page)>& visit) const = 0;
};

}  // namespace firn::storage
