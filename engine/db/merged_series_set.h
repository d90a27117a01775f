// The series that the head and the stored windows know, as one list: a series that occurs
// in several of them is one entry.
#pragma once

#include <memory>
#include <vector>

#include "base/mutex.h"
#include "engine/api/querier.h"
#include "engine/db/version.h"
#include "engine/head/head.h"

namespace firn::engine {

// Pins the version, its readers and the head's series.
class MergedSeriesSet : public SeriesSet {
 public:
  MergedSeriesSet(Head* head, VersionPtr version) : head_(head), version_(std::move(version)) {}

  // Lists are in label order. Windows must be added in the version's order, the head last.
  void AddWindow(size_t window, std::vector<storage::SeriesHandle> handles);
  void AddHead(std::vector<SeriesPtr> series);

  size_t size() const override { return entries_.size(); }
  const Labels& labels(size_t i) const override { return *entries_[i].labels; }
  Status Read(size_t i, const TimeRange& range, SampleColumns* out) const override;

 private:
  static constexpr uint32_t kHead = UINT32_MAX;
  static constexpr uint32_t kNone = UINT32_MAX;
  // Where samples of an entry are; a chain, oldest first.
  struct Part {
    uint32_t source = 0;  // Index into windows_, or kHead.
    uint32_t index = 0;   // Handle of the window, or series of the head.
    uint32_t next = kNone;
  };
  struct Entry {
    const Labels* labels = nullptr;
    uint32_t first = kNone;
    uint32_t last = kNone;
  };
  struct WindowPart {
    const StoredWindow* window = nullptr;
    std::vector<storage::SeriesHandle> handles;
  };

  // Working memory of one Read call. It may pin pages, so it goes with the set.
  struct Workspace {
    SampleColumns scratch;
    SampleColumns part;
    storage::SeriesData data;
    storage::ReadCache cache;
  };

  std::unique_ptr<Workspace> TakeWorkspace() const;
  void ReturnWorkspace(std::unique_ptr<Workspace> workspace) const;
  Status ReadParts(const Entry& entry, const TimeRange& range, Workspace* work,
                   SampleColumns* out) const;
  template <typename LabelsOf>
  void Merge(uint32_t source, size_t count, const LabelsOf& labels_of);

  Head* const head_;
  const VersionPtr version_;
  std::vector<WindowPart> windows_;
  std::vector<SeriesPtr> head_series_;
  std::vector<Part> parts_;
  std::vector<Entry> entries_;
  mutable Mutex mutex_;
  mutable std::vector<std::unique_ptr<Workspace>> idle_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace firn::engine
