// A window: all series of one tier over [start, end), written once as a run of pages and
// never changed. Late data makes another generation of the same window.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/histogram.h"
#include "base/sample.h"
#include "base/time.h"
#include "storage/page/page_io.h"

namespace firn::storage {

struct WindowId {
  uint8_t tier = 0;
  TimestampMs start = 0;
  TimestampMs end = 0;  // Exclusive; not part of the key.
  uint32_t generation = 0;
  friend bool operator==(const WindowId&, const WindowId&) = default;
};

// All pages of one window and generation, for scans and deletes.
KeyRange WindowKeys(const WindowId& window);
// All pages of a tier whose window starts in [start, end).
KeyRange TierKeys(uint8_t tier, TimestampMs start, TimestampMs end);

// One series' samples, times ascending strictly within each kind. Borrowed.
// Windows of a tier hold buckets instead: coded bytes that mean something to the layer above,
// and the times that they refer to, which are shared like those of samples.
struct SeriesColumns {
  std::span<const TimestampMs> t;  // Float samples
  std::span<const double> v;
  std::span<const TimestampMs> ht;  // and histogram samples.
  std::span<const HistogramPtr> h;
  std::span<const TimestampMs> bt = {};  // Not empty if there are bytes.
  std::string_view buckets = {};
};

// The same, owned.
struct SeriesData {
  std::vector<TimestampMs> t;
  std::vector<double> v;
  std::vector<TimestampMs> ht;
  std::vector<HistogramPtr> h;
  std::vector<TimestampMs> bt = {};
  std::string buckets = {};
  // Of ReadEnds alone, beside t: how many samples one stands for, itself and those since the one
  // before it.
  std::vector<uint32_t> counts = {};

  bool empty() const { return t.empty() && ht.empty() && bt.empty(); }
  void clear() {
    t.clear();
    v.clear();
    ht.clear();
    h.clear();
    bt.clear();
    buckets.clear();
    counts.clear();
  }
  SeriesColumns columns() const {
    return {.t = t, .v = v, .ht = ht, .h = h, .bt = bt, .buckets = buckets};
  }
};

struct WindowSummary {
  uint64_t series = 0;
  uint64_t float_samples = 0;
  uint64_t histogram_samples = 0;
  uint64_t metrics = 0;               // Distinct metric names.
  uint64_t clocks = 0;                // Distinct time columns.
  uint64_t pages = 0;                 // All but the root page that holds this.
  uint64_t bytes = 0;                 // Of these pages, uncompressed, without keys.
  TimestampMs min_t = kMaxTimestamp;  // Exact; min_t > max_t if there are no samples.
  TimestampMs max_t = kMinTimestamp;
  friend bool operator==(const WindowSummary&, const WindowSummary&) = default;
};

}  // namespace firn::storage
