#include "engine/tier/bucket_histograms.h"

#include "base/check.h"
#include "engine/tier/bucket.h"

namespace firn::engine {
namespace {

bool AllGrew(const std::vector<double>& before, const std::vector<double>& now) {
  for (size_t i = 0; i < now.size(); ++i) {
    if (!(now[i] >= before[i])) return false;
  }
  return true;
}

// Leaving out what lies inside a run of such steps hides nothing: no bucket fell.
bool IsPlainGrowth(const FloatHistogram& before, const FloatHistogram& now) {
  return now.counter_reset_hint == before.counter_reset_hint &&
         now.counter_reset_hint != CounterResetHint::kReset && now.schema == before.schema &&
         now.zero_threshold == before.zero_threshold &&
         now.positive_spans == before.positive_spans &&
         now.negative_spans == before.negative_spans && now.custom_values == before.custom_values &&
         now.count >= before.count && now.zero_count >= before.zero_count &&
         now.positive_buckets.size() == before.positive_buckets.size() &&
         now.negative_buckets.size() == before.negative_buckets.size() &&
         AllGrew(before.positive_buckets, now.positive_buckets) &&
         AllGrew(before.negative_buckets, now.negative_buckets);
}

// Gauges may fall: only their ends count.
bool MayLeaveOut(const FloatHistogram& before, const FloatHistogram& now) {
  const bool gauges = before.counter_reset_hint == CounterResetHint::kGauge &&
                      now.counter_reset_hint == CounterResetHint::kGauge;
  return gauges || IsPlainGrowth(before, now);
}

}  // namespace

ThinnedHistograms ThinHistograms(std::span<const TimestampMs> t, std::span<const HistogramPtr> h,
                                 std::span<const uint32_t> count, DurationMs resolution) {
  FIRN_CHECK(t.size() == h.size() && (count.empty() || count.size() == t.size()));
  std::vector<bool> keep(t.size());
  std::vector<TimestampMs> ends(t.size());
  constexpr size_t kNone = ~size_t{0};
  size_t last = kNone;  // The last one that is no stale marker.
  for (size_t i = 0; i < t.size(); ++i) {
    ends[i] = BucketEnd(t[i], resolution);
    const bool ends_bucket = i + 1 == t.size() || BucketEnd(t[i + 1], resolution) != ends[i];
    if (h[i]->IsStale()) {
      keep[i] = ends_bucket;
    } else {
      const bool begins = last == kNone || ends[last] != ends[i];
      if (begins || !MayLeaveOut(*h[last], *h[i])) {
        keep[i] = true;
        if (last != kNone) keep[last] = true;
      }
      last = i;
    }
    if (ends_bucket && last != kNone && ends[last] == ends[i]) keep[last] = true;
  }
  ThinnedHistograms out;
  uint32_t pending = 0;
  for (size_t i = 0; i < t.size(); ++i) {
    const bool stale = h[i]->IsStale();
    if (!stale) pending += count.empty() ? 1 : count[i];
    if (!keep[i]) continue;
    out.t.push_back(t[i]);
    out.h.push_back(h[i]);
    out.count.push_back(stale ? 0 : pending);
    if (!stale) pending = 0;
  }
  return out;
}

}  // namespace firn::engine
