// Reads from one version of the stored windows and from the head.
#pragma once

#include "engine/api/querier.h"
#include "engine/db/tier_state.h"
#include "engine/db/version.h"
#include "engine/head/head.h"

namespace firn::engine {

// A stored window, and what of it is not to be seen (null: nothing).
struct VisibleWindow {
  const storage::WindowReader* reader = nullptr;
  const SampleFilter* filter = nullptr;
  TimeRange span;
};

// Thread-safe. The database must outlive it.
class DbQuerier : public Querier {
 public:
  // `unsealed` was asked of the head before the version was taken, so that no window is
  // in neither.
  DbQuerier(Head* head, TimeRanges unsealed, VersionPtr version)
      : head_(head), unsealed_(std::move(unsealed)), version_(std::move(version)) {}

  Result<std::unique_ptr<SeriesSet>> Select(const TimeRange& range, const Matchers& matchers,
                                            const SelectHints& hints) const override;
  Result<std::vector<std::string>> LabelNames(const TimeRange& range, const Matchers& matchers,
                                              size_t limit) const override;
  Result<std::vector<std::string>> LabelValues(std::string_view name, const TimeRange& range,
                                               const Matchers& matchers,
                                               size_t limit) const override;

 private:
  bool HeadMayHold(const TimeRange& range) const;
  // The head's series that match and have samples in `range`.
  std::vector<SeriesPtr> SelectHead(const TimeRange& range, const Matchers& matchers) const;

  // Of the stored windows in `range`; of tiers only those that hold more than raw windows do.
  std::vector<VisibleWindow> Readers(const TimeRange& range) const;

  Head* const head_;
  const TimeRanges unsealed_;
  const VersionPtr version_;
};

}  // namespace firn::engine
