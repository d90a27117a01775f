// The read side of the engine as queries see it. Nothing here names a head, a page or a
// storage library.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/histogram.h"
#include "base/labels.h"
#include "base/matcher.h"
#include "base/sample.h"
#include "base/status.h"
#include "base/time.h"

namespace firn::engine {

// What the engine may exploit. Fewer samples than there are may then be read, or others
// in their place, if `function` yields the same over them in all windows.
struct SelectHints {
  TimestampMs start = 0;  // The query's own range and step (step 0: instant query).
  TimestampMs end = 0;
  DurationMs step = 0;
  DurationMs range = 0;     // Of a range selector, 0 for an instant selector.
  DurationMs lookback = 0;  // Of an instant selector: how old a sample may be.
  // Windows end here and every `window_step` later (0: there is one); not set if they are
  // not known or the function looks beyond them.
  std::optional<TimestampMs> window_end;
  DurationMs window_step = 0;
  // Not set: the coarsest that is exact. 0: raw samples alone. Else the coarsest that is not
  // above it, exact or not.
  std::optional<DurationMs> resolution_max;
  std::string function;      // The innermost function around the selector, "" if none.
  bool labels_only = false;  // The caller will not read samples.
  // The caller refuses more series than these. Not set: no limit.
  std::optional<uint64_t> series_max;
};

// Samples of one series in time order, as columns. Float samples are in t/v; histogram
// samples in ht/h; a timestamp occurs once over both. `st` and `hst` hold the samples'
// start timestamps (0: unknown) and are either empty or as long as t and ht. So are `runs`
// and `hcount`, which say how many samples an entry stands for; only Select() for a function
// that needs to know sets them.
struct SampleColumns {
  std::vector<TimestampMs> t;
  std::vector<double> v;
  std::vector<TimestampMs> st;
  std::vector<TimestampMs> ht;
  std::vector<HistogramPtr> h;
  std::vector<TimestampMs> hst;
  std::vector<SampleRun> runs;
  std::vector<uint32_t> hcount;
  // Not 0: some of the samples were made up from buckets this long, the longest there were.
  DurationMs made_up_from = 0;

  void Clear() {
    t.clear();
    v.clear();
    st.clear();
    ht.clear();
    h.clear();
    hst.clear();
    runs.clear();
    hcount.clear();
    made_up_from = 0;
  }
  bool empty() const { return t.empty() && ht.empty(); }
  size_t size() const { return t.size() + ht.size(); }
};

// The series that a selector matched, in label order, pinned: neither seals nor deletions
// change what it yields. Immutable; Read() may be called from several threads at once.
// Series without a sample in the range may be listed; they read as empty.
class SeriesSet {
 public:
  virtual ~SeriesSet() = default;
  virtual size_t size() const = 0;
  // Valid as long as the set. REQUIRES: i < size().
  virtual const Labels& labels(size_t i) const = 0;
  // Times within the range of which stored samples cannot be read, of any series.
  virtual std::vector<TimeRange> gaps() const { return {}; }
  // Replaces `out` by the samples of series i with range.min <= t <= range.max, stale
  // markers included. Corruption or Io if stored bytes cannot be read.
  // REQUIRES: `range` lies within the range given to Select.
  virtual Status Read(size_t i, const TimeRange& range, SampleColumns* out) const = 0;
};

// A pinned snapshot of the database. Thread-safe. Destroying it releases the snapshot.
class Querier {
 public:
  virtual ~Querier() = default;
  // All series that match every matcher and may have samples within `range`. ResourceExhausted if
  // they are more than the hints allow, found, as far as that is possible, before all are listed.
  virtual Result<std::unique_ptr<SeriesSet>> Select(const TimeRange& range,
                                                    const Matchers& matchers,
                                                    const SelectHints& hints) const = 0;
  // Sorted, unique. `matchers` empty: all series. `limit` 0: no limit.
  virtual Result<std::vector<std::string>> LabelNames(const TimeRange& range,
                                                      const Matchers& matchers,
                                                      size_t limit) const = 0;
  virtual Result<std::vector<std::string>> LabelValues(std::string_view name,
                                                       const TimeRange& range,
                                                       const Matchers& matchers,
                                                       size_t limit) const = 0;
};

// Thread-safe.
class Queryable {
 public:
  virtual ~Queryable() = default;
  virtual Result<std::unique_ptr<Querier>> NewQuerier() const = 0;
};

}  // namespace firn::engine
