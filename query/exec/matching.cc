#include "query/exec/matching.h"

namespace firn::query {

Labels MatchLabels(const Labels& labels, const VectorMatching& matching) {
  std::vector<LabelView> kept;
  const auto listed = [&](std::string_view name) {
    for (const std::string& label : matching.labels) {
      if (label == name) return true;
    }
    return false;
  };
  for (const LabelView label : labels) {
    const bool keep =
        matching.on ? listed(label.name) : label.name != kMetricName && !listed(label.name);
    if (keep) kept.push_back(label);
  }
  return Labels::FromSortedViews(kept);
}

std::vector<uint32_t> GroupTable::Assign(const std::vector<SeriesInfo>& series) {
  std::vector<uint32_t> groups;
  groups.reserve(series.size());
  for (const SeriesInfo& info : series) {
    Labels key = MatchLabels(info.labels, matching_);
    const auto [it, fresh] =
        ids_.try_emplace(std::move(key), static_cast<uint32_t>(labels_.size()));
    if (fresh) labels_.push_back(it->first);
    groups.push_back(it->second);
  }
  return groups;
}

std::string BracedLabels(const Labels& labels) {
  std::string out = "{";
  for (const LabelView label : labels) {
    if (out.size() > 1) out += ", ";
    out += IsLegacyLabelName(label.name) ? std::string(label.name) : QuoteGo(label.name);
    out += '=';
    out += QuoteGo(label.value);
  }
  return out + "}";
}

}  // namespace firn::query
