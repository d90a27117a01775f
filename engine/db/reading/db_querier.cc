#include "engine/db/reading/db_querier.h"

#include <algorithm>

#include <absl/container/flat_hash_set.h>

#include "engine/db/reading/merged_series_set.h"
#include "engine/db/reading/resolution.h"

namespace firn::engine {
namespace {

bool MayHold(const storage::WindowSummary& summary, const TimeRange& range) {
  return range.Overlaps({summary.min_t, summary.max_t});
}

VisibleWindow Visible(const StoredWindow& window) {
  const storage::WindowSummary& summary = window.record.summary;
  return {window.reader.get(), window.filter.get(), {summary.min_t, summary.max_t}};
}

VisibleWindow Visible(const StoredTier& tier) {
  const storage::WindowId& id = tier.record.id;
  return {tier.reader.get(), tier.filter.get(), {id.start, id.end - 1}};
}

// The matching series of a window of which something is to be seen.
Result<std::vector<storage::SeriesHandle>> SelectVisible(const VisibleWindow& window,
                                                         const Matchers& matchers) {
  FIRN_ASSIGN_OR_RETURN(auto handles, window.reader->Select(matchers));
  if (window.filter == nullptr) return handles;
  std::erase_if(handles, [&](const storage::SeriesHandle& handle) {
    return window.filter->HidesAll(handle.labels, window.span);
  });
  return handles;
}

Result<std::vector<std::string>> WindowLabelNames(const VisibleWindow& window,
                                                  const Matchers& matchers) {
  if (window.filter == nullptr) return window.reader->LabelNames(matchers);
  FIRN_ASSIGN_OR_RETURN(const auto handles, SelectVisible(window, matchers));
  absl::flat_hash_set<std::string_view> names;
  for (const storage::SeriesHandle& handle : handles) {
    for (const LabelView label : handle.labels) names.insert(label.name);
  }
  return std::vector<std::string>(names.begin(), names.end());
}

Result<std::vector<std::string>> WindowLabelValues(const VisibleWindow& window,
                                                   std::string_view name,
                                                   const Matchers& matchers) {
  if (window.filter == nullptr) return window.reader->LabelValues(name, matchers);
  FIRN_ASSIGN_OR_RETURN(const auto handles, SelectVisible(window, matchers));
  absl::flat_hash_set<std::string_view> values;
  for (const storage::SeriesHandle& handle : handles) {
    if (handle.labels.Has(name)) values.insert(handle.labels.Get(name));
  }
  return std::vector<std::string>(values.begin(), values.end());
}

bool HasNames(const Labels& labels, const std::vector<std::string_view>& names) {
  size_t i = 0;
  for (const LabelView label : labels) {
    if (i == names.size() || label.name != names[i]) return false;
    ++i;
  }
  return i == names.size() && i > 0;
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
                                                     const SelectHints& hints) const {
  const ReadChoice choice = ChooseWindows(*version_, unsealed_, range, hints);
  auto set = std::make_unique<MergedSeriesSet>(head_, version_, hints);
  const auto select = [&](const auto& stored) { return SelectVisible(Visible(stored), matchers); };
  for (const size_t i : choice.raw) {
    FIRN_ASSIGN_OR_RETURN(auto handles, select(version_->windows[i]));
    set->AddWindow(i, std::move(handles));
  }
  for (const TierPart& part : choice.tiers) {
    FIRN_ASSIGN_OR_RETURN(auto handles, select(version_->tiers[part.tier]));
    set->AddTier(part, choice.use, std::move(handles));
  }
  for (const size_t i : choice.replaced) {
    if (!choice.may_need_replaced) break;
    FIRN_ASSIGN_OR_RETURN(auto handles, select(version_->windows[i]));
    set->AddReplaced(i, std::move(handles));
  }
  set->AddHead(SelectHead(range, matchers));
  for (const UnreadableWindow& window : version_->unreadable) {
    // Without a tier raw samples answer, if slower.
    if (window.id.tier == 0 && window.range.Overlaps(range)) set->AddGap(window.range);
  }
  return set;
}

std::vector<VisibleWindow> DbQuerier::Readers(const TimeRange& range) const {
  std::vector<VisibleWindow> out;
  for (const StoredWindow& window : version_->windows) {
    if (MayHold(window.record.summary, range)) out.push_back(Visible(window));
  }
  const TimeRanges coverage = RawCoverage(*version_);
  for (const StoredTier& tier : version_->tiers) {
    if (!MayHold(tier.record.summary, range)) continue;
    if (!GoneTimes(coverage, tier).empty()) out.push_back(Visible(tier));
  }
  return out;
}

Result<std::vector<std::string>> DbQuerier::LabelNames(const TimeRange& range,
                                                       const Matchers& matchers,
                                                       size_t limit) const {
  absl::flat_hash_set<std::string_view> seen;
  const std::vector<SeriesPtr> head = head_->table().SelectUnordered(matchers);
  // Neighbours mostly have the same names, and only new names make samples matter.
  std::vector<std::string_view> previous;
  for (const SeriesPtr& series : head) {
    if (HasNames(series->labels(), previous)) continue;
    if (!head_->HasSamples(series.get(), range, version_->sealed)) continue;
    previous.clear();
    for (const LabelView label : series->labels()) {
      previous.push_back(label.name);
      seen.insert(label.name);
    }
  }
  std::vector<std::string> names(seen.begin(), seen.end());
  for (const VisibleWindow& window : Readers(range)) {
    FIRN_ASSIGN_OR_RETURN(auto more, WindowLabelNames(window, matchers));
    names.insert(names.end(), more.begin(), more.end());
  }
  return Finish(std::move(names), limit);
}

Result<std::vector<std::string>> DbQuerier::LabelValues(std::string_view name,
                                                        const TimeRange& range,
                                                        const Matchers& matchers,
                                                        size_t limit) const {
  absl::flat_hash_set<std::string_view> seen;
  const std::vector<SeriesPtr> head = head_->table().SelectUnordered(matchers);
  for (const SeriesPtr& series : head) {
    const std::string_view value = series->labels().Get(name);
    if (value.empty() || seen.contains(value)) continue;
    if (head_->HasSamples(series.get(), range, version_->sealed)) seen.insert(value);
  }
  std::vector<std::string> values(seen.begin(), seen.end());
  for (const VisibleWindow& window : Readers(range)) {
    FIRN_ASSIGN_OR_RETURN(auto more, WindowLabelValues(window, name, matchers));
    values.insert(values.end(), more.begin(), more.end());
  }
  return Finish(std::move(values), limit);
}

}  // namespace firn::engine
