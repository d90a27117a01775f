// Which series of a metric recent selectors found: dashboards ask for the same ones again and
// again, and a metric rarely gets new series.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/matcher.h"
#include "storage/page/cache/decoded_cache.h"

namespace firn::engine {

// Thread-safe.
class SelectionMemo {
 public:
  using Numbers = std::vector<uint32_t>;
  // Of more series finding them is the lesser part of reading them.
  static constexpr size_t kSeriesMax = 1024;

  // `version` is another one whenever the metric gets or loses series, and for each metric.
  struct Question {
    uint64_t version = 0;
    std::string key;  // KeyOf the matchers.
  };

  // Numbers of the series that were found, in their order; null if that is not known (any more).
  std::shared_ptr<const Numbers> Find(const Question& question);
  // REQUIRES: they are kSeriesMax at most.
  void Keep(Question question, Numbers found);

 private:
  struct Answer {
    Question question;  // Others may have the same hash.
    Numbers found;
  };
  static constexpr uint64_t kBytesMax = 2 << 20;

  storage::DecodedCache cache_{kBytesMax};
};

}  // namespace firn::engine
