#include "storage/page/window_reader.h"

#include <algorithm>
#include <numeric>

#include <absl/container/flat_hash_set.h>
#include <fmt/core.h>

#include "base/check.h"
#include "storage/page/column_reader.h"
#include "storage/page/label_table.h"
#include "storage/page/window_pages.h"

namespace firn::storage {
namespace {

constexpr uint64_t kReservedSeriesMax = 1 << 20;
// Of a larger selection finding the series is the lesser part of reading them.
constexpr size_t kKeptSeriesMax = 2048;

bool IsOnMetricName(const Matcher& matcher) { return matcher.name() == kMetricName; }

bool ConstrainsLabels(const Matchers& matchers) {
  return !std::all_of(matchers.begin(), matchers.end(), IsOnMetricName);
}

void SortUnique(std::vector<std::string>* values) {
  std::sort(values->begin(), values->end());
  values->erase(std::unique(values->begin(), values->end()), values->end());
}

uint64_t MemoryOf(const std::vector<std::string>& texts) {
  // Short ones lie in the string itself.
  constexpr size_t kInside = 15;
  uint64_t bytes = sizeof(texts) + texts.capacity() * sizeof(std::string);
  for (const std::string& text : texts) {
    bytes += text.capacity() > kInside ? text.capacity() + 1 : 0;
  }
  return bytes;
}

// Calls visit(table, segment, rows) for each segment of a metric in which rows match; tables are
// shared pointers.
template <typename Visit>
Status ForEachMatch(const WindowPages& pages, const MetricDirectory& directory, uint32_t metric,
                    const Matchers& matchers, const Visit& visit) {
  for (uint32_t segment = 0; segment < directory[metric].segments; ++segment) {
    FIRN_ASSIGN_OR_RETURN(const auto table, pages.Table(metric, segment));
    const std::vector<uint32_t> rows = table->Select(matchers);
    if (!rows.empty()) FIRN_RETURN_IF_ERROR(visit(table, segment, rows));
  }
  return OkStatus();
}

Status TooMany(const WindowReader::ListOptions& options) {
  return ResourceExhausted("more than {} series match", options.series_max);
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

}  // namespace

ReadCache::ReadCache(Parts parts)
    : reader_(std::make_unique<ColumnReader>(parts == Parts::kShared)) {}
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

struct WindowReader::Selection {
  SeriesList list;                                      // Without labels.
  std::vector<std::pair<uint32_t, uint32_t>> segments;  // Metric and segment of each of the list's.
};

// Dashboards ask for the same few series again and again, and a window never changes.
Result<SeriesList> WindowReader::List(const Matchers& matchers, const ListOptions& options) const {
  if (!options.places) return ListAnew(matchers, options, nullptr);
  std::string text = "series " + KeyOf(matchers);
  if (const auto kept = pages_->Kept<Selection>(text)) {
    if (kept->list.size() > options.series_max) return TooMany(options);
    SeriesList list = kept->list;
    for (size_t i = 0; i < kept->segments.size(); ++i) {
      const auto [metric, segment] = kept->segments[i];
      FIRN_ASSIGN_OR_RETURN(auto table, pages_->Table(metric, segment));
      list.SetTable(i, std::move(table));
    }
    return list;
  }
  auto selection = std::make_shared<Selection>();
  FIRN_ASSIGN_OR_RETURN(SeriesList list, ListAnew(matchers, options, &selection->segments));
  if (list.size() > kKeptSeriesMax) return list;
  selection->list = list;
  selection->list.DropLabels();
  const uint64_t bytes = sizeof(Selection) + selection->list.memory_bytes() +
                         selection->segments.capacity() * sizeof(selection->segments[0]);
  pages_->Keep(std::move(text), std::move(selection), bytes);
  return list;
}

Result<SeriesList> WindowReader::ListAnew(
    const Matchers& matchers, const ListOptions& options,
    std::vector<std::pair<uint32_t, uint32_t>>* segments_out) const {
  FIRN_ASSIGN_OR_RETURN(const auto directory, pages_->Directory());
  const std::vector<uint32_t> metrics = SelectMetrics(*directory, matchers);
  SeriesList list;
  std::vector<std::pair<uint32_t, uint32_t>> segments;
  if (!ConstrainsLabels(matchers)) {
    uint64_t series = 0;
    for (const uint32_t metric : metrics) series += (*directory)[metric].series;
    if (series > options.series_max) return TooMany(options);
    // What a directory says is only a claim until the tables are read.
    list.Reserve(std::min<uint64_t>(series, kReservedSeriesMax));
  }
  for (const uint32_t metric : metrics) {
    const std::string& name = (*directory)[metric].name;
    FIRN_RETURN_IF_ERROR(ForEachMatch(*pages_, *directory, metric, matchers,
                                      [&](const std::shared_ptr<const LabelTable>& table,
                                          uint32_t segment, const std::vector<uint32_t>& rows) {
                                        list.AddSegment(metric, name, table, rows);
                                        segments.emplace_back(metric, segment);
                                        return OkStatus();
                                      }));
    if (list.size() > options.series_max) return TooMany(options);
  }
  for (size_t i = 0; options.places && i < segments.size(); ++i) {
    const auto [metric, segment] = segments[i];
    FIRN_ASSIGN_OR_RETURN(const auto places,
                          PlacesOf(*pages_, *directory, metric, segment, list.table(i)));
    list.AddPlaces(i, places);
  }
  list.Sort();
  if (segments_out != nullptr) *segments_out = std::move(segments);
  return list;
}

Result<std::vector<SeriesHandle>> WindowReader::Select(const Matchers& matchers) const {
  FIRN_ASSIGN_OR_RETURN(const SeriesList list, List(matchers, {}));
  std::vector<SeriesHandle> handles;
  handles.reserve(list.size());
  for (size_t i = 0; i < list.size(); ++i) {
    handles.push_back(
        {.labels = list.labels(i), .metric = list.metric(i), .places = list.places(i)});
  }
  return handles;
}

Status WindowReader::Read(const SeriesHandle& series, const TimeRange& range, ReadCache* cache,
                          SeriesData* out) const {
  return Read(series.metric, series.places, range, cache, out);
}

Status WindowReader::Read(uint32_t metric, const SeriesPlaces& places, const TimeRange& range,
                          ReadCache* cache, SeriesData* out) const {
  return cache->reader_->Read(pages_, metric, places, range, out);
}

Status WindowReader::ReadEnds(uint32_t metric, const SeriesPlaces& places, const TimeRange& range,
                              MayStand may_stand, ReadCache* cache, SeriesData* out) const {
  return cache->reader_->ReadEnds(pages_, metric, places.floats, range, may_stand, out);
}

Result<std::vector<std::string>> WindowReader::LabelNames(const Matchers& matchers) const {
  FIRN_ASSIGN_OR_RETURN(const auto directory, pages_->Directory());
  std::vector<std::string> names;
  for (const uint32_t metric : SelectMetrics(*directory, matchers)) {
    bool any = false;
    FIRN_RETURN_IF_ERROR(ForEachMatch(*pages_, *directory, metric, matchers,
                                      [&](const std::shared_ptr<const LabelTable>& table, uint32_t,
                                          const std::vector<uint32_t>& rows) {
                                        table->CollectNames(rows, &names);
                                        any = true;
                                        return OkStatus();
                                      }));
    if (any && !(*directory)[metric].name.empty()) names.emplace_back(kMetricName);
    SortUnique(&names);
  }
  return names;
}

Result<WindowReader::SharedStrings> WindowReader::LabelValues(std::string_view name,
                                                              const Matchers& matchers) const {
  if (!matchers.empty()) {
    FIRN_ASSIGN_OR_RETURN(auto values,
                          name == kMetricName ? MetricNames(matchers) : ReadValues(name, matchers));
    return std::make_shared<const std::vector<std::string>>(std::move(values));
  }
  std::string text = fmt::format("values {}", name);
  if (SharedStrings kept = pages_->Kept<std::vector<std::string>>(text)) return kept;
  FIRN_ASSIGN_OR_RETURN(auto values,
                        name == kMetricName ? MetricNames(matchers) : ReadValues(name, matchers));
  auto shared = std::make_shared<const std::vector<std::string>>(std::move(values));
  pages_->Keep(std::move(text), shared, MemoryOf(*shared));
  return shared;
}

Result<std::vector<std::string>> WindowReader::MetricNames(const Matchers& matchers) const {
  FIRN_ASSIGN_OR_RETURN(const auto directory, pages_->Directory());
  std::vector<std::string> names;
  for (const uint32_t metric : SelectMetrics(*directory, matchers)) {
    const std::string& name = (*directory)[metric].name;
    if (name.empty()) continue;
    bool any = !ConstrainsLabels(matchers);
    const auto visit = [&](const auto&, uint32_t, const auto&) {
      any = true;
      return OkStatus();
    };
    if (!any) {
      FIRN_RETURN_IF_ERROR(ForEachMatch(*pages_, *directory, metric, matchers, visit));
    }
    if (any) names.push_back(name);
  }
  return names;
}

Result<std::vector<std::string>> WindowReader::ReadValues(std::string_view name,
                                                          const Matchers& matchers) const {
  FIRN_ASSIGN_OR_RETURN(const auto directory, pages_->Directory());
  // Metrics mostly repeat the values of others.
  absl::flat_hash_set<std::string_view> values;
  std::vector<std::shared_ptr<const LabelTable>> tables;  // Which the values are in.
  const auto collect = [&](const std::shared_ptr<const LabelTable>& table, uint32_t,
                           const std::vector<uint32_t>& rows) {
    table->VisitValues(name, rows, [&](std::string_view value) { values.insert(value); });
    tables.push_back(table);
    return OkStatus();
  };
  for (const uint32_t metric : SelectMetrics(*directory, matchers)) {
    FIRN_RETURN_IF_ERROR(ForEachMatch(*pages_, *directory, metric, matchers, collect));
  }
  std::vector<std::string> sorted(values.begin(), values.end());
  std::sort(sorted.begin(), sorted.end());
  return sorted;
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
