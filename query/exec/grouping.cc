#include "query/exec/grouping.h"

#include <algorithm>

#include <absl/container/flat_hash_map.h>

namespace firn::query {

Labels GroupLabels(const Aggregate& aggregate, const Labels& labels) {
  std::vector<LabelView> kept;
  for (const LabelView label : labels) {
    const bool listed =
        std::ranges::find(aggregate.grouping, label.name) != aggregate.grouping.end();
    const bool keep = aggregate.without ? !listed && label.name != kMetricName : listed;
    if (keep) kept.push_back(label);
  }
  return Labels::FromSortedViews(kept);
}

bool KeepsMarks(const Aggregate& aggregate) {
  return aggregate.without ||
         std::ranges::find(aggregate.grouping, kMetricName) != aggregate.grouping.end() ||
         std::ranges::any_of(aggregate.grouping, [](const std::string& label) {
           return label == "__type__" || label == "__unit__";
         });
}

Grouping GroupSeries(const Aggregate& aggregate, const std::vector<SeriesInfo>& series) {
  Grouping out;
  out.group_of.reserve(series.size());
  if (!aggregate.without && aggregate.grouping.empty()) {
    if (!series.empty()) out.groups.resize(1);
    out.group_of.assign(series.size(), 0);
    return out;
  }
  // Looked up by a scratch key, so that a series of a known group costs no allocation.
  absl::flat_hash_map<std::string, uint32_t> ids;
  std::string key;
  for (const SeriesInfo& info : series) {
    key.clear();
    for (const LabelView label : info.labels) {
      const bool listed =
          std::ranges::find(aggregate.grouping, label.name) != aggregate.grouping.end();
      const bool keep = aggregate.without ? !listed && label.name != kMetricName : listed;
      if (!keep) continue;
      AppendPackedString(label.name, &key);
      AppendPackedString(label.value, &key);
    }
    const auto [it, fresh] = ids.try_emplace(key, static_cast<uint32_t>(out.groups.size()));
    if (fresh) out.groups.push_back({.labels = GroupLabels(aggregate, info.labels)});
    out.group_of.push_back(it->second);
  }
  return out;
}

}  // namespace firn::query
