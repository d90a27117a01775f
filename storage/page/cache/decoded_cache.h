// What was made of the pages of all opened windows, label tables and directories first of all, up
// to so many bytes together. The least recently used go first.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <utility>

#include <absl/container/flat_hash_map.h>

#include "base/memory/memory_budget.h"
#include "base/mutex.h"

namespace firn::storage {

struct DecodedCacheFigures {
  uint64_t bytes = 0;
  uint64_t hits = 0;
  uint64_t misses = 0;
};

// Thread-safe. What Get returned stays alive when the cache drops it.
class DecodedCache {
 public:
  // `window` is a number of NewWindow(); what `part` means is up to the window.
  struct Key {
    uint64_t window = 0;
    uint64_t part = 0;
    friend bool operator==(const Key&, const Key&) = default;
    template <typename H>
    friend H AbslHashValue(H h, const Key& key) {
      return H::combine(std::move(h), key.window, key.part);
    }
  };

  // Bytes are charged to `budget` (null: nowhere) whether it has room or not.
  explicit DecodedCache(uint64_t bytes_max, MemoryBudget* budget = nullptr)
      : bytes_max_(bytes_max), budget_(budget) {}
  ~DecodedCache();
  DecodedCache(const DecodedCache&) = delete;
  DecodedCache& operator=(const DecodedCache&) = delete;

  uint64_t NewWindow();
  // Forgets all parts of a window.
  void Drop(uint64_t window);

  // Null if it is not there. REQUIRES: T is what was put under the key.
  template <typename T>
  std::shared_ptr<const T> Get(const Key& key) {
    return std::static_pointer_cast<const T>(Find(key));
  }
  // Does nothing if the key is there, or if `bytes` alone are too many.
  void Put(const Key& key, std::shared_ptr<const void> value, uint64_t bytes);

  DecodedCacheFigures figures() const;

 private:
  struct Entry {
    Key key;
    std::shared_ptr<const void> value;
    uint64_t bytes = 0;
  };
  using Entries = std::list<Entry>;

  std::shared_ptr<const void> Find(const Key& key);
  void Erase(Entries::iterator entry) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const uint64_t bytes_max_;
  MemoryBudget* const budget_;
  mutable Mutex mutex_;
  Entries entries_ ABSL_GUARDED_BY(mutex_);  // Last used in front.
  absl::flat_hash_map<Key, Entries::iterator> by_key_ ABSL_GUARDED_BY(mutex_);
  DecodedCacheFigures figures_ ABSL_GUARDED_BY(mutex_);
  uint64_t next_window_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace firn::storage
