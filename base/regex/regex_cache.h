// Compiled regular expressions of recent queries: dashboards send the same ones again and again.
#pragma once

#include <list>
#include <memory>
#include <string>
#include <string_view>

#include <absl/container/flat_hash_map.h>

#include "base/mutex.h"

namespace re2 {
class RE2;
}

namespace firn {

// Thread-safe.
class RegexCache {
 public:
  // That of the process.
  static RegexCache& Shared();

  // `pattern` compiled by RE2 within 8 MiB; ok() says whether it could be. What is kept has 1 MiB
  // for its program and what it makes of it while matching; what needs more, or a text of more than
  // 256 bytes, is not kept.
  std::shared_ptr<const re2::RE2> Get(std::string_view pattern);

  size_t size() const;

 private:
  // Keys are views of what the expressions say of themselves.
  using Recent = std::list<std::shared_ptr<const re2::RE2>>;

  mutable Mutex mutex_;
  Recent recent_ ABSL_GUARDED_BY(mutex_);  // Last used in front.
  absl::flat_hash_map<std::string_view, Recent::iterator> by_pattern_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace firn
