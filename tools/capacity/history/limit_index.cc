#include "tools/capacity/history/limit_index.h"

#include <algorithm>
#include <optional>

namespace firn::tools {
namespace {

// How many labels two series share; nothing if one that both have differs.
std::optional<size_t> SharedLabels(const Labels& limit, const Labels& series) {
  size_t shared = 0;
  for (const auto& label : limit) {
    if (label.name == kMetricName || !series.Has(label.name)) continue;
    if (series.Get(label.name) != label.value) return std::nullopt;
    ++shared;
  }
  return shared;
}

// Values are UTF-8, of which the separator is no part.
std::string ValuesOf(const Labels& labels, const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) (out += labels.Get(name)) += '\xff';
  return out;
}

}  // namespace

LimitIndex::LimitIndex(const std::vector<HistorySeries>& limits) : limits_(limits) {
  if (limits.empty()) return;
  for (const auto& label : limits[0].labels) {
    if (label.name != kMetricName) common_.emplace_back(label.name);
  }
  for (const HistorySeries& limit : limits) {
    std::erase_if(common_, [&](const std::string& name) { return !limit.labels.Has(name); });
  }
}

const LimitIndex::Candidates& LimitIndex::CandidatesFor(const Labels& series) {
  std::vector<std::string> names;
  std::copy_if(common_.begin(), common_.end(), std::back_inserter(names),
               [&](const std::string& name) { return series.Has(name); });
  const auto [at, is_new] = groups_.try_emplace(names);
  if (is_new) {
    for (const HistorySeries& limit : limits_) {
      at->second[ValuesOf(limit.labels, names)].push_back(&limit);
    }
  }
  static const Candidates kNone;
  const auto found = at->second.find(ValuesOf(series, names));
  return found == at->second.end() ? kNone : found->second;
}

Result<const HistorySeries*> LimitIndex::Find(const Labels& series) {
  const HistorySeries* best = nullptr;
  size_t best_shared = 0;
  bool tie = false;
  for (const HistorySeries* limit : CandidatesFor(series)) {
    const auto shared = SharedLabels(limit->labels, series);
    if (!shared) continue;
    tie = best != nullptr && (tie || *shared == best_shared);
    if (best != nullptr && *shared <= best_shared) continue;
    tie = false;
    best = limit;
    best_shared = *shared;
  }
  if (tie) {
    return InvalidArgument(
        "the limit has several series for {}; aggregate it to labels that both have",
        series.ToString());
  }
  return best;
}

}  // namespace firn::tools
