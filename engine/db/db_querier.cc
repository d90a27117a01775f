#include "engine/db/db_querier.h"

#include <algorithm>

#include <absl/container/flat_hash_set.h>

#include "engine/db/merged_series_set.h"

namespace firn::engine {
namespace {

bool MayHold(const StoredWindow& window, const TimeRange& range) {
  const storage::WindowSummary& summary = window.record.summary;
  return range.Overlaps({summary.min_t, summary.max_t});
}

// Sorted, unique, at most `limit` (0: all).
std::vector<std::string> Finish(std::vector<std::string> names, size_t limit) {
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  if (limit != 0 && names.size() > limit) names.resize(limit);
  return names;
}

}  // namespace

std::vector<SeriesPtr> DbQuerier::SelectHead(const TimeRange& range,
                                             const Matchers& matchers) const {
  std::vector<SeriesPtr> series = head_->table().Select(matchers);
  std::erase_if(series, [&](const SeriesPtr& s) {
    return !head_->HasSamples(s.get(), range, version_->sealed);
  });
  return series;
}

Result<std::unique_ptr<SeriesSet>> DbQuerier::Select(const TimeRange& range,
                                                     const Matchers& matchers,
                                                     const SelectHints&) const {
  auto set = std::make_unique<MergedSeriesSet>(head_, version_);
  for (size_t i = 0; i < version_->windows.size(); ++i) {
    if (!MayHold(version_->windows[i], range)) continue;
    FIRN_ASSIGN_OR_RETURN(auto handles, version_->windows[i].reader->Select(matchers));
    set->AddWindow(i, std::move(handles));
  }
  set->AddHead(SelectHead(range, matchers));
  return set;
}

Result<std::vector<std::string>> DbQuerier::LabelNames(const TimeRange& range,
                                                       const Matchers& matchers,
                                                       size_t limit) const {
  absl::flat_hash_set<std::string_view> seen;
  const std::vector<SeriesPtr> head = SelectHead(range, matchers);
  for (const SeriesPtr& series : head) {
    for (const LabelView label : series->labels()) seen.insert(label.name);
  }
  std::vector<std::string> names(seen.begin(), seen.end());
  for (const StoredWindow& window : version_->windows) {
    if (!MayHold(window, range)) continue;
    FIRN_ASSIGN_OR_RETURN(auto more, window.reader->LabelNames(matchers));
    names.insert(names.end(), more.begin(), more.end());
  }
  return Finish(std::move(names), limit);
}

Result<std::vector<std::string>> DbQuerier::LabelValues(std::string_view name,
                                                        const TimeRange& range,
                                                        const Matchers& matchers,
                                                        size_t limit) const {
  absl::flat_hash_set<std::string_view> seen;
  const std::vector<SeriesPtr> head = SelectHead(range, matchers);
  for (const SeriesPtr& series : head) {
    const std::string_view value = series->labels().Get(name);
    if (!value.empty()) seen.insert(value);
  }
  std::vector<std::string> values(seen.begin(), seen.end());
  for (const StoredWindow& window : version_->windows) {
    if (!MayHold(window, range)) continue;
    FIRN_ASSIGN_OR_RETURN(auto more, window.reader->LabelValues(name, matchers));
    values.insert(values.end(), more.begin(), more.end());
  }
  return Finish(std::move(values), limit);
}

}  // namespace firn::engine
