// Pages in memory: sink and source of the page tests.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "storage/page/page_io.h"

namespace firn::storage {

// Reading is thread-safe, writing is not.
class MemoryPages : public PageSink, public PageSource {
 public:
  using Map = std::map<std::string, std::string, std::less<>>;

  // Fails unless keys ascend strictly, as the contract of PageSink says.
  Status Put(std::string_view key, std::string_view page) override {
    if (!pages_.empty() && pages_.rbegin()->first >= key) return Internal("key out of order");
    pages_.emplace(key, page);
    return OkStatus();
  }
  Result<PinnedPage> Get(std::string_view key) const override {
    const auto it = pages_.find(key);
    if (it == pages_.end()) return NotFound("no page");
    ++gets_;
    return Pin(it->second);
  }
  Status Scan(std::string_view first, std::string_view last,
              const std::function<Status(std::string_view, PinnedPage)>& visit) const override {
    for (auto it = pages_.lower_bound(first); it != pages_.end() && it->first < last; ++it) {
      FIRN_RETURN_IF_ERROR(visit(it->first, Pin(it->second)));
    }
    return OkStatus();
  }

  Map& pages() { return pages_; }
  int gets() const { return gets_; }

 private:
  // A copy of exact size, so that the sanitizer sees a read beyond the page.
  static PinnedPage Pin(const std::string& page) {
    auto copy = std::make_shared<std::vector<char>>(page.begin(), page.end());
    const std::string_view bytes(copy->data(), copy->size());
    return {std::move(copy), bytes};
  }

  Map pages_;
  mutable std::atomic<int> gets_ = 0;
};

}  // namespace firn::storage
