// Which windows are stored, as one immutable list: a querier pins one version and sees
// neither half of a seal nor half of a drop.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "engine/head/head_windows.h"
#include "engine/tier/merge/sample_filter.h"
#include "engine/tier/tier_record.h"
#include "engine/tier/window_record.h"
#include "storage/page/window_reader.h"

namespace firn::engine {

struct StoredWindow {
  WindowRecord record;
  std::shared_ptr<const storage::WindowReader> reader;
  std::shared_ptr<const SampleFilter> filter;  // Null: nothing of it is hidden.
};

struct StoredTier {
  TierRecord record;
  std::shared_ptr<const storage::WindowReader> reader;
  std::shared_ptr<const SampleFilter> filter;  // Null: nothing of it is hidden.
};

// A window of the catalog whose pages cannot be opened, or whose record cannot be read. It stays
// where it is: nothing unreadable is deleted.
struct UnreadableWindow {
  storage::WindowId id;  // Without its end if the record cannot be read.
  DurationMs resolution = 0;
  TimeRange range;  // Of its samples.
  uint64_t series = 0;
  uint64_t samples = 0;
  uint64_t tombstones = 0;
  std::vector<JournalCover> journal;
  std::string error;
};

struct Version {
  // By time, but windows that overlap by their order, so that merging them one after the
  // other keeps the right sample.
  std::vector<StoredWindow> windows;
  std::vector<StoredTier> tiers;  // By resolution, start, generation.
  SealedEpochs sealed;            // Chunks of the head that `windows` hold as well.
  std::vector<UnreadableWindow> unreadable;
  // Ascending by number.
  std::vector<std::shared_ptr<const Tombstone>> tombstones;
  // Samples of the head that rules of retention hide; null: none.
  std::shared_ptr<const SampleFilter> expired;
};

// Puts windows in the order that Version wants.
void SortWindows(std::vector<StoredWindow>* windows);

using VersionPtr = std::shared_ptr<const Version>;

// Thread-safe.
class VersionHolder {
 public:
  VersionHolder() : current_(std::make_shared<const Version>()) {}

  VersionPtr Current() const {
    MutexLock lock(&mutex_);
    return current_;
  }
  // Makes `next` current. The replaced version lives as long as queriers hold it.
  void Install(Version next) {
    auto shared = std::make_shared<const Version>(std::move(next));
    MutexLock lock(&mutex_);
    previous_.push_back(current_);
    current_ = std::move(shared);
  }
  // True if no replaced version is still in use.
  bool OnlyCurrentInUse() {
    MutexLock lock(&mutex_);
    std::erase_if(previous_, [](const auto& weak) { return weak.expired(); });
    return previous_.empty();
  }

 private:
  mutable Mutex mutex_;
  VersionPtr current_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::weak_ptr<const Version>> previous_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace firn::engine
