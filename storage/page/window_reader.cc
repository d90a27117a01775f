#include "storage/page/window_reader.h"

#include <algorithm>
#include <numeric>

#include "base/check.h"
#include "storage/page/column_reader.h"
#include "storage/page/label_table.h"
#include "storage/page/window_pages.h"

namespace firn::storage {
namespace {

bool IsOnMetricName(const Matcher& matcher) { return matcher.name() == kMetricName; }

bool ConstrainsLabels(const Matchers& matchers) {
  return !std::all_of(matchers.begin(), matchers.end(), IsOnMetricName);
}

void SortUnique(std::vector<std::string>* values) {
  std::sort(values->begin(), values->end());
  values->erase(std::unique(values->begin(), values->end()), values->end());
}

// Calls visit(table, segment, rows) for each segment of a metric in which rows match.
template <typename Visit>
Status ForEachMatch(const WindowPages& pages, const MetricDirectory& directory, uint32_t metric,
                    const Matchers& matchers, const Visit& visit) {
  for (uint32_t segment = 0; segment < directory[metric].segments; ++segment) {
    FIRN_ASSIGN_OR_RETURN(const auto table, pages.Table(metric, segment));
    const std::vector<uint32_t> rows = table->Select(matchers);
    if (!rows.empty()) FIRN_RETURN_IF_ERROR(visit(*table, segment, rows));
  }
  return OkStatus();
}

Result<std::vector<SeriesPlaces>> PlacesOf(const WindowPages& pages,
                                           const MetricDirectory& directory, uint32_t metric,
                                           uint32_t segment, const LabelTable& table) {
  FIRN_ASSIGN_OR_RETURN(auto places, pages.Places(metric, segment));
  if (places.size() != table.rows()) {
    return Corruption("metric {} segment {}: {} label sets for {} series",
                      QuoteGo(directory[metric].name), segment, table.rows(), places.size());
  }
  return places;
}

// Brings series that are in order metric by metric into the order of Labels. The two are the same
// only while no label sorts before the name.
void MergeMetrics(std::vector<SeriesHandle>* handles) {
  const auto less = [](const SeriesHandle& a, const SeriesHandle& b) {
    return a.labels < b.labels;
  };
  const auto begin = handles->begin();
  std::vector<std::ptrdiff_t> runs = {0};
  for (size_t i = 1; i < handles->size(); ++i) {
    if ((*handles)[i].metric == (*handles)[i - 1].metric) continue;
    if (less((*handles)[i], (*handles)[i - 1])) runs.push_back(static_cast<std::ptrdiff_t>(i));
  }
  runs.push_back(static_cast<std::ptrdiff_t>(handles->size()));
  // Neighbours first, so that each series moves a few times only.
  while (runs.size() > 2) {
    std::vector<std::ptrdiff_t> merged = {0};
    for (size_t i = 0; i + 2 < runs.size(); i += 2) {
      std::inplace_merge(begin + runs[i], begin + runs[i + 1], begin + runs[i + 2], less);
      merged.push_back(runs[i + 2]);
    }
    if (merged.back() != runs.back()) merged.push_back(runs.back());
    runs = std::move(merged);
  }
  FIRN_DCHECK(std::is_sorted(begin, handles->end(), less));
}

}  // namespace

ReadCache::ReadCache() : reader_(std::make_unique<ColumnReader>()) {}
ReadCache::~ReadCache() = default;

Result<std::shared_ptr<const WindowReader>> WindowReader::Open(
    std::shared_ptr<const PageSource> source, const WindowId& window,
    std::shared_ptr<DecodedCache> cache) {
  FIRN_ASSIGN_OR_RETURN(auto pages, WindowPages::Open(std::move(source), window, std::move(cache)));
  return std::shared_ptr<const WindowReader>(new WindowReader(std::move(pages)));
}

const WindowId& WindowReader::window() const { return pages_->root().window; }
const WindowSummary& WindowReader::summary() const { return pages_->root().summary; }

// Metrics whose name satisfies the matchers on it.
std::vector<uint32_t> WindowReader::SelectMetrics(const std::vector<MetricEntry>& metrics,
                                                  const Matchers& matchers) {
  const auto passes = [&](const std::string& name) {
    return std::all_of(matchers.begin(), matchers.end(), [&](const Matcher& matcher) {
      return !IsOnMetricName(matcher) || matcher.Matches(name);
    });
  };
  std::vector<uint32_t> selected;
  const auto equal = std::find_if(matchers.begin(), matchers.end(), [](const Matcher& matcher) {
    return IsOnMetricName(matcher) && matcher.type() == MatchType::kEqual;
  });
  if (equal != matchers.end()) {
    const auto it = std::lower_bound(
        metrics.begin(), metrics.end(), equal->value(),
        [](const MetricEntry& entry, const std::string& name) { return entry.name < name; });
    if (it != metrics.end() && it->name == equal->value() && passes(it->name)) {
      selected.push_back(static_cast<uint32_t>(it - metrics.begin()));
    }
    return selected;
  }
  for (uint32_t i = 0; i < metrics.size(); ++i) {
    if (passes(metrics[i].name)) selected.push_back(i);
  }
  return selected;
}

Result<std::vector<SeriesHandle>> WindowReader::Select(const Matchers& matchers) const {
  FIRN_ASSIGN_OR_RETURN(const auto directory, pages_->Directory());
  std::vector<SeriesHandle> handles;
  for (const uint32_t metric : SelectMetrics(*directory, matchers)) {
    const std::string& name = (*directory)[metric].name;
    FIRN_RETURN_IF_ERROR(ForEachMatch(
        *pages_, *directory, metric, matchers,
        [&](const LabelTable& table, uint32_t segment, const std::vector<uint32_t>& rows) {
          FIRN_ASSIGN_OR_RETURN(const auto places,
                                PlacesOf(*pages_, *directory, metric, segment, table));
          for (const uint32_t row : rows) {
            handles.push_back(
                {.labels = table.RowLabels(name, row), .metric = metric, .places = places[row]});
          }
          return OkStatus();
        }));
  }
  MergeMetrics(&handles);
  return handles;
}

Status WindowReader::Read(const SeriesHandle& series, const TimeRange& range, ReadCache* cache,
                          SeriesData* out) const {
  return cache->reader_->Read(pages_, series.metric, series.places, range, out);
}

Result<std::vector<std::string>> WindowReader::LabelNames(const Matchers& matchers) const {
  FIRN_ASSIGN_OR_RETURN(const auto directory, pages_->Directory());
  std::vector<std::string> names;
  for (const uint32_t metric : SelectMetrics(*directory, matchers)) {
    bool any = false;
    FIRN_RETURN_IF_ERROR(
        ForEachMatch(*pages_, *directory, metric, matchers,
                     [&](const LabelTable& table, uint32_t, const std::vector<uint32_t>& rows) {
                       table.CollectNames(rows, &names);
                       any = true;
                       return OkStatus();
                     }));
    if (any && !(*directory)[metric].name.empty()) names.emplace_back(kMetricName);
    SortUnique(&names);
  }
  return names;
}

Result<std::vector<std::string>> WindowReader::LabelValues(std::string_view name,
                                                           const Matchers& matchers) const {
  FIRN_ASSIGN_OR_RETURN(const auto directory, pages_->Directory());
  const bool of_metrics = name == kMetricName;
  std::vector<std::string> values;
  for (const uint32_t metric : SelectMetrics(*directory, matchers)) {
    const std::string& metric_name = (*directory)[metric].name;
    if (of_metrics && metric_name.empty()) continue;
    bool any = of_metrics && !ConstrainsLabels(matchers);
    if (!any) {
      FIRN_RETURN_IF_ERROR(
          ForEachMatch(*pages_, *directory, metric, matchers,
                       [&](const LabelTable& table, uint32_t, const std::vector<uint32_t>& rows) {
                         if (!of_metrics) table.CollectValues(name, rows, &values);
                         any = true;
                         return OkStatus();
                       }));
      if (!of_metrics) SortUnique(&values);
    }
    if (any && of_metrics) values.push_back(metric_name);
  }
  return values;
}

Result<std::vector<WindowReader::MetricInfo>> WindowReader::Metrics() const {
  FIRN_ASSIGN_OR_RETURN(const auto directory, pages_->Directory());
  std::vector<MetricInfo> infos;
  for (const MetricEntry& entry : *directory) {
    infos.push_back({.name = entry.name,
                     .series = entry.series,
                     .float_samples = entry.float_samples,
                     .histogram_samples = entry.histogram_samples,
                     .bytes = entry.bytes});
  }
  return infos;
}

Result<bool> WindowReader::Cursor::Next() {
  if (directory_ == nullptr) {
    FIRN_ASSIGN_OR_RETURN(directory_, pages_->Directory());
  }
  const MetricDirectory& metrics = *directory_;
  while (metric_ < metrics.size()) {
    if (segment_ == metrics[metric_].segments) {
      ++metric_;
      segment_ = 0;
      continue;
    }
    if (table_ == nullptr) {
      FIRN_ASSIGN_OR_RETURN(table_, pages_->Table(metric_, segment_, /*keep=*/false));
      FIRN_ASSIGN_OR_RETURN(places_, PlacesOf(*pages_, metrics, metric_, segment_, *table_));
    }
    if (row_ == table_->rows()) {
      ++segment_;
      row_ = 0;
      table_ = nullptr;
      continue;
    }
    series_ = {.labels = table_->RowLabels(metrics[metric_].name, row_),
               .metric = metric_,
               .places = places_[row_]};
    ++row_;
    return true;
  }
  return false;
}

Status WindowReader::Verify() const {
  WindowSummary seen;
  ReadCache cache;
  SeriesData data;
  Cursor cursor = Scan();
  while (true) {
    FIRN_ASSIGN_OR_RETURN(const bool more, cursor.Next());
    if (!more) break;
    data.clear();
    FIRN_RETURN_IF_ERROR(Read(cursor.series(), TimeRange(), &cache, &data));
    ++seen.series;
    seen.float_samples += data.v.size();
    seen.histogram_samples += data.h.size();
  }
  const WindowSummary& stated = summary();
  if (seen.series != stated.series || seen.float_samples != stated.float_samples ||
      seen.histogram_samples != stated.histogram_samples) {
    return Corruption("window {}: {} series, {} and {} samples in place of {}, {} and {}",
                      window().start, seen.series, seen.float_samples, seen.histogram_samples,
                      stated.series, stated.float_samples, stated.histogram_samples);
  }
  return OkStatus();
}

}  // namespace firn::storage
