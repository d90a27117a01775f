// How what a tier holds of a series stands in for its samples. Pure functions.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "engine/api/querier.h"
#include "engine/tier/codec/bucket_codec.h"
#include "engine/tier/merge/sample_filter.h"
#include "storage/page/window.h"

namespace firn::engine {

// One series of one window of a tier.
struct TierColumns {
  DecodedBuckets floats;
  std::vector<TimestampMs> ht;
  std::vector<HistogramPtr> h;
  std::vector<uint32_t> hcount;  // As ThinnedHistograms::count.
};

// Corruption if the bytes are not those of a tier.
Status DecodeTier(const storage::SeriesData& data, DurationMs resolution, TierColumns* out);

// Samples over which a function yields what it would over all, in windows of whole buckets.
enum class TierForm : uint8_t {
  kEnds,  // First and last sample, and stale markers.
  kMin,   // The minimum, at the time of the last sample.
  kMax,
  kSums,  // The sum, at the time of the last sample.
  kRuns,  // First and last sample as a run; see SampleRun.
};

struct TierUse {
  TierForm form = TierForm::kEnds;
  bool needs_sums = false;      // Counters have none.
  bool with_histograms = true;  // Histograms are answered too.
  bool needs_changes = false;
};

// How `function` over windows of `range` (0: an instant selector) can be answered; none if
// it needs the samples themselves.
std::optional<TierUse> UseFor(std::string_view function, DurationMs range);

// Removes what has no time within `ranges`, each bucket as a whole. REQUIRES: ranges ascend.
void KeepTimes(const TimeRanges& ranges, TierColumns* columns);
// Removes buckets and histograms whose times are all hidden; false if some lie in part within what
// is.
bool HideTimes(const TimeRanges& hidden, TierColumns* columns);

// False if over `range` the samples themselves are needed after all.
bool Answers(const TierColumns& columns, const TierUse& use, const TimeRange& range);

// Appends what stands for the samples within `range`. REQUIRES: behind what `out` has.
void AppendForm(const TierColumns& columns, TierForm form, const TimeRange& range,
                SampleColumns* out);

// Makes runs of samples of which each stands for counts[i], itself and such since the one before it
// that are not there and between which the value never falls. Stale markers go. Sums and changes
// are not known.
void CountsToRuns(const std::vector<uint32_t>& counts, SampleColumns* columns);

// Merges the samples and what AppendForm made as kRuns into `out`, which holds samples. Stale
// markers go.
void MergeRuns(SampleColumns* formed, SampleColumns* out);

}  // namespace firn::engine
