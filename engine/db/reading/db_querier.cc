#include "engine/db/reading/db_querier.h"

#include <algorithm>
#include <iterator>
#include <set>

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

using ListOptions = storage::WindowReader::ListOptions;

// The matching series of a window of which something is to be seen.
Result<storage::SeriesList> SelectVisible(const VisibleWindow& window, const Matchers& matchers,
                                          ListOptions options) {
  // How many are hidden shows only when all are listed.
  if (window.filter != nullptr) options.series_max = ListOptions().series_max;
  FIRN_ASSIGN_OR_RETURN(auto list, window.reader->List(matchers, options));
  if (window.filter != nullptr) {
    list.EraseIf(
        [&](const Labels& labels) { return window.filter->HidesAll(labels, window.span); });
  }
  return list;
}

using Texts = std::set<std::string, std::less<>>;

void Note(std::string_view text, Texts* texts) {
  if (!texts->contains(text)) texts->emplace(text);
}

// Calls visit(labels) for each of them.
template <typename Visit>
Status VisitVisible(const VisibleWindow& window, const Matchers& matchers, const Visit& visit) {
  FIRN_ASSIGN_OR_RETURN(const auto list, SelectVisible(window, matchers, {.places = false}));
  for (size_t i = 0; i < list.size(); ++i) visit(list.labels(i));
  return OkStatus();
}

Result<std::vector<std::string>> WindowLabelNames(const VisibleWindow& window,
                                                  const Matchers& matchers) {
  if (window.filter == nullptr) return window.reader->LabelNames(matchers);
  Texts names;
  FIRN_RETURN_IF_ERROR(VisitVisible(window, matchers, [&](const Labels& labels) {
    for (const LabelView label : labels) Note(label.name, &names);
  }));
  return std::vector<std::string>(names.begin(), names.end());
}

// Sorted.
Result<storage::WindowReader::SharedStrings> WindowLabelValues(const VisibleWindow& window,
                                                               std::string_view name,
                                                               const Matchers& matchers) {
  if (window.filter == nullptr) return window.reader->LabelValues(name, matchers);
  Texts values;
  FIRN_RETURN_IF_ERROR(VisitVisible(window, matchers, [&](const Labels& labels) {
    if (labels.Has(name)) Note(labels.Get(name), &values);
  }));
  return std::make_shared<const std::vector<std::string>>(values.begin(), values.end());
}

using Views = std::vector<std::string_view>;

void Truncate(size_t limit, Views* views) {
  if (limit != 0 && views->size() > limit) views->resize(limit);
}

// Adds what `more` has and `views` has not; both are sorted. At most `limit` (0: all) are kept,
// which nothing beyond them in a part can be among.
template <typename Strings>
void MergeViews(const Strings& more, size_t limit, Views* views) {
  Views merged;
  merged.reserve(views->size() + more.size());
  std::set_union(views->begin(), views->end(), more.begin(), more.end(),
                 std::back_inserter(merged));
  *views = std::move(merged);
  Truncate(limit, views);
}

std::vector<std::string> Copies(const Views& views) { return {views.begin(), views.end()}; }

Status TooManySeries(uint64_t limit) {
  return ResourceExhausted("more than {} series match", limit);
}

}  // namespace

bool DbQuerier::HeadMayHold(const TimeRange& range) const {
  return std::any_of(unsealed_.begin(), unsealed_.end(),
                     [&](const TimeRange& unsealed) { return unsealed.Overlaps(range); });
}

std::vector<SeriesPtr> DbQuerier::SelectHead(const TimeRange& range,
                                             const Matchers& matchers) const {
  // It may know many series without samples there.
  if (!HeadMayHold(range)) return {};
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
  ListOptions options{.places = !hints.labels_only};
  if (hints.series_max) options.series_max = *hints.series_max;
  auto set = std::make_unique<MergedSeriesSet>(head_, version_, hints);
  const auto check = [&] {
    return set->size() > options.series_max ? TooManySeries(options.series_max) : OkStatus();
  };
  const auto select = [&](const auto& stored) -> Result<storage::SeriesList> {
    FIRN_RETURN_IF_ERROR(check());
    return SelectVisible(Visible(stored), matchers, options);
  };
  for (const size_t i : choice.raw) {
    FIRN_ASSIGN_OR_RETURN(auto list, select(version_->windows[i]));
    set->AddWindow(i, std::move(list));
  }
  for (const TierPart& part : choice.tiers) {
    FIRN_ASSIGN_OR_RETURN(auto list, select(version_->tiers[part.tier]));
    set->AddTier(part, choice.use, std::move(list));
  }
  if (!choice.replaced.empty()) {
    set->SetReplaced([this_version = version_, head = head_, replaced = choice.replaced, matchers,
                      hints]() -> Result<std::unique_ptr<MergedSeriesSet>> {
      SelectHints whole = hints;
      whole.window_end.reset();  // All samples are wanted.
      auto raw = std::make_unique<MergedSeriesSet>(head, this_version, whole);
      for (const size_t i : replaced) {
        FIRN_ASSIGN_OR_RETURN(
            auto list, SelectVisible(Visible(this_version->windows[i]), matchers, ListOptions()));
        raw->AddWindow(i, std::move(list));
      }
      return raw;
    });
  }
  FIRN_RETURN_IF_ERROR(check());
  set->AddHead(SelectHead(range, matchers));
  FIRN_RETURN_IF_ERROR(check());
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
    if (!GoneTimes(coverage, tier.record.sources).empty()) out.push_back(Visible(tier));
  }
  return out;
}

Result<std::vector<std::string>> DbQuerier::LabelNames(const TimeRange& range,
                                                       const Matchers& matchers,
                                                       size_t limit) const {
  Texts seen;
  for (const VisibleWindow& window : Readers(range)) {
    FIRN_ASSIGN_OR_RETURN(const auto more, WindowLabelNames(window, matchers));
    seen.insert(more.begin(), more.end());
  }
  const auto is_news = [&](std::string_view names) {
    return !NameSet::All(names, [&](std::string_view name) { return seen.contains(name); });
  };
  const auto visit = [&](Series* series) {
    if (!head_->HasSamples(series, range, version_->sealed)) return true;
    for (const LabelView label : series->labels()) Note(label.name, &seen);
    return false;
  };
  if (HeadMayHold(range)) head_->table().VisitByNames(matchers, is_news, visit);
  Views names(seen.begin(), seen.end());
  Truncate(limit, &names);
  return Copies(names);
}

Result<std::vector<std::string>> DbQuerier::LabelValues(std::string_view name,
                                                        const TimeRange& range,
                                                        const Matchers& matchers,
                                                        size_t limit) const {
  Views values;
  std::vector<storage::WindowReader::SharedStrings> stored;
  for (const VisibleWindow& window : Readers(range)) {
    FIRN_ASSIGN_OR_RETURN(auto more, WindowLabelValues(window, name, matchers));
    MergeViews(*more, limit, &values);
    stored.push_back(std::move(more));
  }
  const bool is_name = name == kMetricName;
  std::vector<std::string> fresh;
  absl::flat_hash_set<std::string_view> seen;  // Views of labels, while the head's table is locked.
  std::string_view last;
  const auto visit = [&](Series* series) {
    const std::string_view value = series->labels().Get(name);
    if (value.empty() || value == last || seen.contains(value)) return true;
    // Whether there are samples does not matter for a value that is known from windows.
    const bool known = std::binary_search(values.begin(), values.end(), value);
    if (!known && !head_->HasSamples(series, range, version_->sealed)) return true;
    last = value;
    seen.insert(value);
    if (!known) fresh.emplace_back(value);
    return !is_name;  // The others of a metric have the same name.
  };
  if (HeadMayHold(range)) head_->table().VisitUnordered(matchers, visit);
  std::sort(fresh.begin(), fresh.end());
  MergeViews(fresh, limit, &values);
  return Copies(values);
}

}  // namespace firn::engine
