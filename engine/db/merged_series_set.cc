#include "engine/db/merged_series_set.h"

#include "engine/head/columns.h"

namespace firn::engine {

// Two sorted lists become one. Mostly they are equal, so the comparison that decides is a
// memcmp of equal bytes.
template <typename LabelsOf>
void MergedSeriesSet::Merge(uint32_t source, size_t count, const LabelsOf& labels_of) {
  std::vector<Entry> merged;
  merged.reserve(std::max(entries_.size(), count));
  size_t old = 0;
  for (size_t i = 0; i < count; ++i) {
    const Labels& labels = labels_of(i);
    const auto part = static_cast<uint32_t>(parts_.size());
    parts_.push_back({source, static_cast<uint32_t>(i), kNone});
    while (old < entries_.size() && *entries_[old].labels != labels &&
           *entries_[old].labels < labels) {
      merged.push_back(entries_[old++]);
    }
    if (old < entries_.size() && *entries_[old].labels == labels) {
      Entry entry = entries_[old++];
      parts_[entry.last].next = part;
      entry.last = part;
      merged.push_back(entry);
    } else {
      merged.push_back({&labels, part, part});
    }
  }
  merged.insert(merged.end(), entries_.begin() + static_cast<std::ptrdiff_t>(old), entries_.end());
  entries_ = std::move(merged);
}

void MergedSeriesSet::AddWindow(size_t window, std::vector<storage::SeriesHandle> handles) {
  windows_.push_back({&version_->windows[window], std::move(handles)});
  const auto& list = windows_.back().handles;
  Merge(static_cast<uint32_t>(windows_.size() - 1), list.size(),
        [&](size_t i) -> const Labels& { return list[i].labels; });
}

void MergedSeriesSet::AddHead(std::vector<SeriesPtr> series) {
  head_series_ = std::move(series);
  Merge(kHead, head_series_.size(),
        [&](size_t i) -> const Labels& { return head_series_[i]->labels(); });
}

Status MergedSeriesSet::Read(size_t i, const TimeRange& range, SampleColumns* out) const {
  FIRN_DCHECK(i < entries_.size());
  // Working memory of one thread; what it holds means nothing between calls.
  static thread_local SampleColumns scratch;
  static thread_local SampleColumns part_samples;
  static thread_local storage::SeriesData data;
  static thread_local storage::ReadCache cache;
  out->Clear();
  for (uint32_t p = entries_[i].first; p != kNone; p = parts_[p].next) {
    const Part& part = parts_[p];
    if (part.source == kHead) {
      FIRN_RETURN_IF_ERROR(
          head_->Read(head_series_[part.index].get(), range, version_->sealed, &scratch, out));
      continue;
    }
    const WindowPart& window = windows_[part.source];
    data.clear();
    FIRN_RETURN_IF_ERROR(
        window.window->reader->Read(window.handles[part.index], range, &cache, &data));
    std::swap(part_samples.t, data.t);
    std::swap(part_samples.v, data.v);
    std::swap(part_samples.ht, data.ht);
    std::swap(part_samples.h, data.h);
    MergeColumns(part_samples, out);
  }
  return OkStatus();
}

}  // namespace firn::engine
