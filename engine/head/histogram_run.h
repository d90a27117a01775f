// Native histograms of one series in one window. As objects they would take some ten times the
// memory of their bytes, so only the newest few are; the others are coded as pages code them.
// One thread at a time.
#pragma once

#include <vector>

#include "base/histogram.h"
#include "base/status.h"
#include "engine/api/querier.h"

namespace firn::engine {

class HistogramRun {
 public:
  // False, and nothing is kept, if there is one of this time.
  // REQUIRES: storage::IsWellFormed(*histogram).
  bool Insert(TimestampMs t, HistogramPtr histogram);
  // Codes all that came in the order of time, since no more are expected.
  void Pack();

  bool empty() const { return t_.empty(); }
  // REQUIRES: !empty().
  TimestampMs last_t() const { return t_.back(); }
  // The one of last_t().
  HistogramPtr last() const;

  // Appends them to out->ht and out->h, in the order of time; of those outside `range` perhaps
  // some. Corruption cannot happen short of a memory fault.
  Status Read(const TimeRange& range, SampleColumns* out) const;
  size_t AllocatedBytes() const;

 private:
  void PackRecent();
  void Absorb();
  Status ReadInOrder(const TimeRange& range, SampleColumns* out) const;

  std::vector<TimestampMs> t_;  // Of packed_, then of recent_; ascending.
  std::vector<char> packed_;    // Blocks: count (1 byte), length (4), column.
  std::vector<HistogramPtr> recent_;
  size_t last_block_ = 0;  // Where the last one begins in packed_.
  // What came late, sorted: times that are in t_ are not.
  std::vector<TimestampMs> late_t_;
  std::vector<HistogramPtr> late_;
};

}  // namespace firn::engine
