#include "storage/page/cache/decoded_cache.h"

namespace firn::storage {

DecodedCache::~DecodedCache() {
  if (budget_ != nullptr) budget_->Release(figures_.bytes);
}

uint64_t DecodedCache::NewWindow() {
  const MutexLock lock(&mutex_);
  return next_window_++;
}

void DecodedCache::Erase(Entries::iterator entry) {
  figures_.bytes -= entry->bytes;
  if (budget_ != nullptr) budget_->Release(entry->bytes);
  by_key_.erase(entry->key);
  entries_.erase(entry);
}

void DecodedCache::Drop(uint64_t window) {
  const MutexLock lock(&mutex_);
  for (auto entry = entries_.begin(); entry != entries_.end();) {
    const auto at = entry++;
    if (at->key.window == window) Erase(at);
  }
}

std::shared_ptr<const void> DecodedCache::Find(const Key& key) {
  const MutexLock lock(&mutex_);
  const auto it = by_key_.find(key);
  if (it == by_key_.end()) {
    ++figures_.misses;
    return nullptr;
  }
  ++figures_.hits;
  entries_.splice(entries_.begin(), entries_, it->second);
  return it->second->value;
}

void DecodedCache::Put(const Key& key, std::shared_ptr<const void> value, uint64_t bytes) {
  if (bytes > bytes_max_) return;
  const MutexLock lock(&mutex_);
  if (by_key_.contains(key)) return;  // Another thread was first.
  while (figures_.bytes > bytes_max_ - bytes) Erase(std::prev(entries_.end()));
  entries_.push_front({key, std::move(value), bytes});
  by_key_.emplace(key, entries_.begin());
  figures_.bytes += bytes;
  if (budget_ != nullptr) budget_->ChargeAnyway(bytes);
}

DecodedCacheFigures DecodedCache::figures() const {
  const MutexLock lock(&mutex_);
  return figures_;
}

}  // namespace firn::storage
