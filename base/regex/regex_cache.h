// Compiled regular expressions of recent queries: dashboards send the same ones again and again.
#pragma once

#include <memory>
#include <string_view>

#include "base/memory/recent_texts.h"

namespace re2 {
class RE2;
}

namespace firn {

// Thread-safe.
class RegexCache {
 public:
  RegexCache();
  // That of the process.
  static RegexCache& Shared();

  // `pattern` compiled by RE2 within 8 MiB; ok() says whether it could be. What is kept has 1 MiB
  // for its program and what it makes of it while matching; what needs more, or a text of more than
  // 256 bytes, is not kept.
  std::shared_ptr<const re2::RE2> Get(std::string_view pattern);

  size_t size() const { return recent_.size(); }

 private:
  RecentTexts<re2::RE2> recent_;
};

}  // namespace firn
