// The series that the head and the stored windows know, as one list: a series that occurs
// in several of them is one entry.
#pragma once

#include <array>
#include <atomic>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "engine/api/querier.h"
#include "engine/db/reading/ends_use.h"
#include "engine/db/reading/resolution.h"
#include "engine/db/version.h"
#include "engine/head/head.h"
#include "engine/tier/folded_form.h"
#include "engine/tier/tier_spread.h"

namespace firn::engine {

// Pins the version, its readers and the head's series.
class MergedSeriesSet : public SeriesSet {
 public:
  MergedSeriesSet(Head* head, VersionPtr version, const SelectHints& hints);
  ~MergedSeriesSet() override;

  // Lists are in label order. Windows must be added in the version's order, tiers in that of
  // the choice, the head last.
  void AddWindow(size_t window, storage::SeriesList list);
  void AddTier(const TierPart& part, const TierUse& use, storage::SeriesList list);
  // How to list the windows for which tiers stand: done when a series turns out to need the samples
  // themselves, at most once, by any thread.
  using MakeReplaced = std::function<Result<std::unique_ptr<MergedSeriesSet>>()>;
  void SetReplaced(MakeReplaced make) {
    replaced_ = std::make_unique<Replaced>();
    replaced_->make = std::move(make);
  }
  void AddHead(std::vector<SeriesPtr> series);
  void AddGap(const TimeRange& range) { gaps_.push_back(range); }

  size_t size() const override { return entries_.size(); }
  const Labels& labels(size_t i) const override { return *entries_[i].labels; }
  std::vector<TimeRange> gaps() const override { return gaps_; }
  Status Read(size_t i, const TimeRange& range, SampleColumns* out) const override;

 private:
  static constexpr uint32_t kHead = UINT32_MAX;
  static constexpr uint32_t kNone = UINT32_MAX;
  enum class SourceKind : uint8_t { kRaw, kTier };
  // Where samples of an entry are; a chain, oldest first within each kind of source.
  struct Part {
    uint32_t source = 0;  // Index into sources_, or kHead.
    uint32_t index = 0;   // In the list of the window, or of the head.
    uint32_t next = kNone;
  };
  struct Entry {
    const Labels* labels = nullptr;
    uint32_t first = kNone;
    uint32_t last = kNone;
  };
  struct Source {
    SourceKind kind = SourceKind::kRaw;
    const storage::WindowReader* reader = nullptr;
    const SampleFilter* filter = nullptr;
    storage::SeriesList list;
    TimeRange thinned = {0, -1};  // Of a window that holds only some of its series: its time,
    TierPart part = {};           // ... of a tier: what it stands for.
    DurationMs resolution = 0;
  };

  // What SetReplaced said, and what came of it.
  struct Replaced {
    MakeReplaced make;
    std::once_flag made;
    Status status;
    std::unique_ptr<MergedSeriesSet> set;
  };

  // Working memory of one Read call. It may pin pages, so it goes with the set.
  struct Workspace {
    HeadScratch head;
    SampleColumns scratch;
    SampleColumns part;
    SampleColumns formed;
    storage::SeriesData data;
    BucketColumns columns;
    struct Tier {
      const Source* source = nullptr;
      TierColumns columns;
      TimeRanges hidden;
      bool is_cut = false;  // Of some buckets only a part is hidden.
    };
    std::vector<Tier> tiers;
    TimeRanges kept;  // Where the series has raw samples and others have none.
    // By source, null until needed: a series is read from all sources before the next is.
    std::vector<std::unique_ptr<storage::ReadCache>> caches;

    storage::ReadCache* CacheOf(uint32_t source) {
      if (!caches[source]) {
        caches[source] = std::make_unique<storage::ReadCache>(storage::ReadCache::Parts::kShared);
      }
      return caches[source].get();
    }
  };

  // A line of the cache of its own, since threads take and return at each series.
  struct alignas(64) Slot {
    std::atomic<Workspace*> idle = nullptr;  // Owned; null while in use.
  };
  using Slots = std::array<Slot, 32>;
  Slots& SlotsMade() const;
  std::atomic<Workspace*>& SlotOfThread() const;
  Status ReadParts(const Entry& entry, const TimeRange& range, Workspace* work,
                   SampleColumns* out) const;
  Status ReadHead(const Part& part, const Labels& labels, const TimeRange& range, Workspace* work,
                  SampleColumns* out) const;
  Status ReadRaw(const Part& part, const Labels& labels, const TimeRange& range, Workspace* work,
                 SampleColumns* out) const;
  // Like ReadParts, but of blocks of samples that never fall only the ends, where they suffice;
  // false, and `out` is to be read anew, if they do not for this series.
  Result<bool> ReadEnds(const Entry& entry, const TimeRange& range, Workspace* work,
                        SampleColumns* out) const;
  Status AppendEnds(const Part& part, const Labels& labels, const TimeRange& range, Workspace* work,
                    SampleColumns* out) const;
  // Whether what a tier has goes to `formed` as it is, where it may, or all of it to `tiers`.
  enum class Folds : uint8_t { kMay, kNone };
  Status ReadTier(const Part& part, const Labels& labels, const TimeRange& range, Folds folds,
                  Workspace* work) const;
  // False if the buckets of `source`, which are in `work`, are needed as such.
  Result<bool> FoldTier(const Source& source, const TimeRange& range, Workspace* work) const;
  // False if some tier does not stand for the samples after all, and tiers are to be read anew.
  Result<bool> ReadTiers(const Entry& entry, const TimeRange& range, Folds folds,
                         Workspace* work) const;
  // Merges what the windows for which tiers stand have of the series.
  Status ReadReplaced(const Labels& labels, const TimeRange& range, Workspace* work,
                      SampleColumns* out) const;
  // Calls read(workspace) with one that no other thread uses meanwhile.
  template <typename ReadFunction>
  Status WithWorkspace(const ReadFunction& read) const;
  // Spreads out what is in `tiers`, and adds what is in `formed`.
  void AddTiers(const TimeRange& range, Workspace* work, SampleColumns* out) const;
  void AddSource(Source source);
  class WindowLabels;
  class HeadLabels;
  // Adds the series of one more source, of which `labels` tells the labels.
  template <typename SourceLabels>
  void Merge(uint32_t source, size_t count, SourceLabels labels);

  Head* const head_;
  const VersionPtr version_;
  const bool labels_only_;
  const SpreadShape shape_;
  std::unique_ptr<const EndsUse> ends_;  // Null as well if a source must be read whole.
  std::optional<WindowGrid> grid_;       // Of range functions, if it is known.
  const DurationMs spacing_;             // Of histograms that are made up.
  TierUse use_;
  std::vector<Source> sources_;
  std::vector<SeriesPtr> head_series_;
  std::vector<Part> parts_;
  std::vector<TimeRange> gaps_;
  std::vector<Entry> entries_;
  std::deque<Labels> labels_;  // Of series that the head did not list: what entries point to.
  std::unique_ptr<Replaced> replaced_;  // Null if there are none.
  // Owned. Made by the first Read: a request may hold many sets, most of which nobody reads.
  mutable std::atomic<Slots*> slots_ = nullptr;
};

}  // namespace firn::engine
