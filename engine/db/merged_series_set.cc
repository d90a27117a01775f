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

std::unique_ptr<MergedSeriesSet::Workspace> MergedSeriesSet::TakeWorkspace() const {
  MutexLock lock(&mutex_);
  if (idle_.empty()) return std::make_unique<Workspace>();
  // The one used last knows the page of the neighbouring series.
  auto workspace = std::move(idle_.back());
  idle_.pop_back();
  return workspace;
}

void MergedSeriesSet::ReturnWorkspace(std::unique_ptr<Workspace> workspace) const {
  MutexLock lock(&mutex_);
  idle_.push_back(std::move(workspace));
}

Status MergedSeriesSet::Read(size_t i, const TimeRange& range, SampleColumns* out) const {
  FIRN_DCHECK(i < entries_.size());
  auto workspace = TakeWorkspace();
  const Status status = ReadParts(entries_[i], range, workspace.get(), out);
  ReturnWorkspace(std::move(workspace));
  return status;
}

Status MergedSeriesSet::ReadParts(const Entry& entry, const TimeRange& range, Workspace* work,
                                  SampleColumns* out) const {
  out->Clear();
  for (uint32_t p = entry.first; p != kNone; p = parts_[p].next) {
    const Part& part = parts_[p];
    if (part.source == kHead) {
      FIRN_RETURN_IF_ERROR(head_->Read(head_series_[part.index].get(), range, version_->sealed,
                                       &work->scratch, out));
      continue;
    }
    const WindowPart& window = windows_[part.source];
    work->data.clear();
    FIRN_RETURN_IF_ERROR(
        window.window->reader->Read(window.handles[part.index], range, &work->cache, &work->data));
    std::swap(work->part.t, work->data.t);
    std::swap(work->part.v, work->data.v);
    std::swap(work->part.ht, work->data.ht);
    std::swap(work->part.h, work->data.h);
    MergeColumns(work->part, out);
  }
  return OkStatus();
}

}  // namespace firn::engine
