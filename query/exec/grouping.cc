#include "query/exec/grouping.h"

#include <algorithm>

#include <absl/container/flat_hash_map.h>

namespace firn::query {

namespace {

bool KeepsLabel(const Aggregate& aggregate, std::string_view name) {
  const bool listed = std::ranges::find(aggregate.grouping, name) != aggregate.grouping.end();
  return aggregate.without ? !listed && name != kMetricName : listed;
}

// Views into the labels of series i.
void KeptLabels(const Aggregate& aggregate, const SeriesNames& series, size_t i,
                std::vector<LabelView>* kept) {
  kept->clear();
  // With by(...) nothing is left to find once all that are listed have been.
  const size_t most = aggregate.without ? SIZE_MAX : aggregate.grouping.size();
  for (const LabelView label : series.base(i)) {
    if (!KeepsLabel(aggregate, label.name) || series.Removes(label.name)) continue;
    kept->push_back(label);
    if (kept->size() == most) return;
  }
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
  std::vector<LabelView> kept;
  std::vector<LabelView> last;
  for (size_t i = 0; i < series.size(); ++i) {
    KeptLabels(aggregate, series, i, &kept);
    // In label order neighbours are often of one group.
    if (i > 0 && kept == last) {
      out.group_of.push_back(out.group_of.back());
      continue;
    }
    key.clear();
    for (const LabelView& label : kept) {
      AppendPackedString(label.name, &key);
      AppendPackedString(label.value, &key);
    }
    const auto [it, fresh] = ids.try_emplace(key, static_cast<uint32_t>(out.groups.size()));
    if (fresh) out.groups.push_back({.labels = Labels::FromSortedViews(kept)});
    out.group_of.push_back(it->second);
    std::swap(kept, last);
  }
  return out;
}

}  // namespace firn::query
