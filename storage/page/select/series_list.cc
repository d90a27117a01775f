#include "storage/page/select/series_list.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace firn::storage {
namespace {

constexpr ColumnPlace SeriesPlaces::*kKinds[] = {&SeriesPlaces::floats, &SeriesPlaces::histograms,
                                                 &SeriesPlaces::buckets};

}  // namespace

void SeriesList::AddSegment(uint32_t metric, const std::string& name,
                            std::shared_ptr<const LabelTable> table,
                            std::span<const uint32_t> rows) {
  const bool known = !segments_.empty() && segments_.back().metric == metric;
  segments_.push_back({.metric = metric,
                       .first = static_cast<uint32_t>(entries_.size()),
                       .name = known ? segments_.back().name : std::make_shared<std::string>(name),
                       .table = std::move(table)});
  const auto segment = static_cast<uint32_t>(segments_.size() - 1);
  for (const uint32_t row : rows) {
    entries_.push_back({.segment = segment, .row = static_cast<uint16_t>(row)});
  }
}

void SeriesList::AddPlaces(size_t segment, std::span<const SeriesPlaces> rows) {
  // Most series have samples of one kind.
  if (places_.empty()) places_.reserve(entries_.size());
  const size_t end =
      segment + 1 < segments_.size() ? segments_[segment + 1].first : entries_.size();
  for (size_t i = segments_[segment].first; i < end; ++i) {
    Entry& entry = entries_[i];
    entry.place = static_cast<uint32_t>(places_.size());
    for (size_t kind = 0; kind < std::size(kKinds); ++kind) {
      const ColumnPlace& place = rows[entry.row].*kKinds[kind];
      if (place.count == 0) continue;
      entry.kinds = static_cast<uint16_t>(entry.kinds | 1u << kind);
      places_.push_back(place);
    }
  }
}

SeriesPlaces SeriesList::places(size_t i) const {
  const Entry& entry = entries_[i];
  SeriesPlaces out;
  size_t next = entry.place;
  for (size_t kind = 0; kind < std::size(kKinds); ++kind) {
    if ((entry.kinds >> kind & 1) != 0) out.*kKinds[kind] = places_[next++];
  }
  return out;
}

Labels SeriesList::labels(size_t i) const {
  const Segment& segment = segments_[entries_[i].segment];
  return segment.table->RowLabels(*segment.name, entries_[i].row);
}

bool SeriesList::HasLabels(size_t i, const Labels& labels) const {
  const Segment& segment = segments_[entries_[i].segment];
  return segment.table->RowIs(*segment.name, entries_[i].row, labels);
}

size_t SeriesList::memory_bytes() const {
  return segments_.capacity() * sizeof(Segment) + entries_.capacity() * sizeof(Entry) +
         places_.capacity() * sizeof(ColumnPlace);
}

void SeriesList::DropLabels() {
  for (Segment& segment : segments_) segment.table = nullptr;
}

// Series come metric by metric. That is the order of Labels only while no label sorts before the
// name.
void SeriesList::Sort() {
  std::vector<std::ptrdiff_t> runs = {0};
  for (size_t s = 1; s < segments_.size(); ++s) {
    if (segments_[s].metric == segments_[s - 1].metric) continue;
    const size_t i = segments_[s].first;
    if (labels(i) < labels(i - 1)) runs.push_back(static_cast<std::ptrdiff_t>(i));
  }
  if (runs.size() == 1) return;
  std::vector<std::pair<Labels, Entry>> list;
  list.reserve(entries_.size());
  for (size_t i = 0; i < entries_.size(); ++i) list.emplace_back(labels(i), entries_[i]);
  const auto less = [](const auto& a, const auto& b) { return a.first < b.first; };
  runs.push_back(static_cast<std::ptrdiff_t>(list.size()));
  // Neighbours first, so that each series moves a few times only.
  while (runs.size() > 2) {
    std::vector<std::ptrdiff_t> merged = {0};
    for (size_t i = 0; i + 2 < runs.size(); i += 2) {
      std::inplace_merge(list.begin() + runs[i], list.begin() + runs[i + 1],
                         list.begin() + runs[i + 2], less);
      merged.push_back(runs[i + 2]);
    }
    if (merged.back() != runs.back()) merged.push_back(runs.back());
    runs = std::move(merged);
  }
  FIRN_DCHECK(std::is_sorted(list.begin(), list.end(), less));
  for (size_t i = 0; i < list.size(); ++i) entries_[i] = list[i].second;
}

}  // namespace firn::storage
