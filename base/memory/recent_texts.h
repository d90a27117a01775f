// What was made of texts that came lately, for those that come again and again.
#pragma once

#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <absl/container/flat_hash_map.h>

#include "base/mutex.h"

namespace firn {

// Thread-safe. What Find returned stays alive when it is forgotten here.
template <typename T>
class RecentTexts {
 public:
  // So many texts, and so many bytes of them, at most.
  RecentTexts(size_t count_max, size_t bytes_max) : count_max_(count_max), bytes_max_(bytes_max) {}
  RecentTexts(const RecentTexts&) = delete;
  RecentTexts& operator=(const RecentTexts&) = delete;

  // Null if nothing is kept for the text.
  std::shared_ptr<const T> Find(std::string_view text) {
    const MutexLock lock(&mutex_);
    const auto it = by_text_.find(text);
    if (it == by_text_.end()) return nullptr;
    recent_.splice(recent_.begin(), recent_, it->second);
    return recent_.front().second;
  }

  // Does nothing if the text is there, or too long by itself. The least recent ones go for it.
  void Keep(std::string_view text, std::shared_ptr<const T> made) {
    if (text.size() > bytes_max_) return;
    const MutexLock lock(&mutex_);
    if (by_text_.contains(text)) return;
    while (recent_.size() >= count_max_ || bytes_ > bytes_max_ - text.size()) ForgetOldest();
    recent_.emplace_front(std::string(text), std::move(made));
    by_text_.emplace(recent_.front().first, recent_.begin());
    bytes_ += text.size();
  }

  size_t size() const {
    const MutexLock lock(&mutex_);
    return recent_.size();
  }

 private:
  using Recent = std::list<std::pair<std::string, std::shared_ptr<const T>>>;

  void ForgetOldest() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    bytes_ -= recent_.back().first.size();
    by_text_.erase(recent_.back().first);
    recent_.pop_back();
  }

  const size_t count_max_;
  const size_t bytes_max_;
  mutable Mutex mutex_;
  Recent recent_ ABSL_GUARDED_BY(mutex_);  // Last used in front.
  // Keys are views of the texts in the list.
  absl::flat_hash_map<std::string_view, typename Recent::iterator> by_text_ ABSL_GUARDED_BY(mutex_);
  size_t bytes_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace firn
