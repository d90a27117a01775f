#include "query/exec/grouping.h"

#include <algorithm>

#include <absl/container/flat_hash_map.h>

namespace firn::query {

namespace {

bool KeepsLabel(const Aggregate& aggregate, std::string_view name) {
  const bool listed = std::ranges::find(aggregate.grouping, name) != aggregate.grouping.end();
  return aggregate.without ? !listed && name != kMetricName : listed;
}

}  // namespace

Labels GroupLabels(const Aggregate& aggregate, const Labels& labels) {
  std::vector<LabelView> kept;
  for (const LabelView label : labels) {
    if (KeepsLabel(aggregate, label.name)) kept.push_back(label);
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

Grouping GroupSeries(const Aggregate& aggregate, const SeriesNames& series) {
  Grouping out;
  if (!aggregate.without && aggregate.grouping.empty()) {
    if (series.size() > 0) out.groups.resize(1);
    out.group_of.assign(series.size(), 0);
    return out;
  }
  out.group_of.reserve(series.size());
  // Looked up by a scratch key, so that a series of a known group costs no allocation.
  absl::flat_hash_map<std::string, uint32_t> ids;
  std::string key;
  std::string last_key;
  for (size_t i = 0; i < series.size(); ++i) {
    key.clear();
    for (const LabelView label : series.base(i)) {
      if (!KeepsLabel(aggregate, label.name) || series.Removes(label.name)) continue;
      AppendPackedString(label.name, &key);
      AppendPackedString(label.value, &key);
    }
    // In label order neighbours are often of one group.
    if (i > 0 && key == last_key) {
      out.group_of.push_back(out.group_of.back());
      continue;
    }
    const auto [it, fresh] = ids.try_emplace(key, static_cast<uint32_t>(out.groups.size()));
    if (fresh) out.groups.push_back({.labels = GroupLabels(aggregate, series.labels(i))});
    out.group_of.push_back(it->second);
    std::swap(key, last_key);
  }
  return out;
}

}  // namespace firn::query
