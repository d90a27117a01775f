// Which of many limits belongs to a series.
#pragma once

#include <map>
#include <string>
#include <vector>

#include <absl/container/flat_hash_map.h>

#include "base/labels.h"
#include "base/status.h"
#include "tools/capacity/history/history.h"

namespace firn::tools {

// The limit of a series is the one that shares the most labels with it and contradicts none;
// metric names do not count. One thread at a time.
class LimitIndex {
 public:
  // Borrows the limits.
  explicit LimitIndex(const std::vector<HistorySeries>& limits);

  // Null if all contradict it, InvalidArgument if several share as many labels with it.
  Result<const HistorySeries*> Find(const Labels& series);

 private:
  using Candidates = std::vector<const HistorySeries*>;
  // By the values of some labels.
  using Group = absl::flat_hash_map<std::string, Candidates>;

  const Candidates& CandidatesFor(const Labels& series);

  const std::vector<HistorySeries>& limits_;
  // Names of labels that every limit has. Of those that a series has too all values must be equal,
  // which leaves few limits to compare it with.
  std::vector<std::string> common_;
  std::map<std::vector<std::string>, Group> groups_;  // By those names.
};

}  // namespace firn::tools
