#include <cmath>
#include <vector>

#include "query/functions/kahan.h"
#include "query/functions/range_windows.h"
#include "query/functions/rate_extrapolation.h"
#include "query/functions/run_windows.h"

namespace firn::query {
namespace {

// What a counter lost on the way to an entry.
struct Loss {
  size_t at;
  double amount;
};

std::vector<Loss> FindLosses(const RangeSamples& x) {
  std::vector<Loss> losses;
  for (size_t i = 1; i < x.v.size(); ++i) {
    if (x.runs[i].joined) {
      if (x.runs[i].resets > 0) losses.push_back({i, x.runs[i].correction});
    } else if (x.v[i] < x.v[i - 1]) {
      losses.push_back({i, x.v[i - 1]});
    }
  }
  return losses;
}

// Samples before each entry.
std::vector<size_t> CountsBefore(const RangeSamples& x) {
  std::vector<size_t> counts(x.runs.size() + 1);
  for (size_t i = 0; i < x.runs.size(); ++i) counts[i + 1] = counts[i] + x.runs[i].count;
  return counts;
}

template <RateKind kKind>
Status Extrapolate(const RangeCall& call, const RangeSamples& x, std::string_view metric,
                   NoteSink* notes, Row* out) {
  std::vector<Loss> losses;
  if (kKind != RateKind::kDelta) losses = FindLosses(x);
  const std::vector<size_t> counts = CountsBefore(x);
  size_t next = 0;
  bool any = false;
  ForEachWindow(call, x, [&](size_t step, size_t first, size_t last) {
    const size_t samples = counts[last] - counts[first];
    if (samples < 2) return;
    double gained = x.v[last - 1] - x.v[first];
    while (next < losses.size() && losses[next].at <= first) ++next;
    for (size_t i = next; i < losses.size() && losses[i].at < last; ++i) {
      gained += losses[i].amount;
    }
    const TimestampMs end = call.grid.At(step) - call.offset;
    const RateEdges edges{.zero_t = std::nullopt,
                          .first_t = x.t[first],
                          .last_t = x.t[last - 1],
                          .start = end - call.range,
                          .end = end,
                          .gaps = samples - 1,
                          .first_v = x.v[first],
                          .range = call.range};
    out->SetFloat(step, gained * ExtrapolationFactor(kKind, edges, gained));
    any = true;
  });
  if (kKind != RateKind::kDelta && any) NoteNonCounter(metric, notes);
  return OkStatus();
}

// Windows count marks between their samples: one prefix sum serves all of them.
template <typename InRun, typename IsMark>
Status CountMarks(const RangeCall& call, const RangeSamples& x, const InRun& in_run,
                  const IsMark& is_mark, Row* out) {
  std::vector<uint64_t> marks(x.v.size());
  for (size_t i = 1; i < marks.size(); ++i) {
    const uint64_t here =
        x.runs[i].joined ? in_run(x.runs[i]) : (is_mark(x.v[i - 1], x.v[i]) ? 1 : 0);
    marks[i] = marks[i - 1] + here;
  }
  ForEachWindow(call, x, [&](size_t step, size_t first, size_t last) {
    out->SetFloat(step, static_cast<double>(marks[last - 1] - marks[first]));
  });
  return OkStatus();
}

}  // namespace

double MeanOfRuns(const RangeSamples& x, size_t first, size_t last) {
  double sum = 0;
  double c = 0;
  for (size_t i = first; i < last; ++i) KahanAdd(x.runs[i].sum, &sum, &c);
  const auto count = static_cast<double>(CountFloats(x, first, last));
  return std::isinf(sum) ? sum / count : sum / count + c / count;
}

Status RunRateKernel(const RangeCall& call, const RangeSamples& x, std::string_view metric,
                     NoteSink* notes, Row* out) {
  return Extrapolate<RateKind::kRate>(call, x, metric, notes, out);
}

Status RunIncreaseKernel(const RangeCall& call, const RangeSamples& x, std::string_view metric,
                         NoteSink* notes, Row* out) {
  return Extrapolate<RateKind::kIncrease>(call, x, metric, notes, out);
}

Status RunDeltaKernel(const RangeCall& call, const RangeSamples& x, std::string_view metric,
                      NoteSink* notes, Row* out) {
  return Extrapolate<RateKind::kDelta>(call, x, metric, notes, out);
}

Status RunCountKernel(const RangeCall& call, const RangeSamples& x, std::string_view, NoteSink*,
                      Row* out) {
  const std::vector<size_t> counts = CountsBefore(x);
  ForEachWindow(call, x, [&](size_t step, size_t first, size_t last) {
    out->SetFloat(step, static_cast<double>(counts[last] - counts[first]));
  });
  return OkStatus();
}

Status RunAvgKernel(const RangeCall& call, const RangeSamples& x, std::string_view, NoteSink*,
                    Row* out) {
  ForEachWindow(call, x, [&](size_t step, size_t first, size_t last) {
    out->SetFloat(step, MeanOfRuns(x, first, last));
  });
  return OkStatus();
}

Status RunChangesKernel(const RangeCall& call, const RangeSamples& x, std::string_view, NoteSink*,
                        Row* out) {
  return CountMarks(
      call, x, [](const SampleRun& run) { return run.changes; },
      [](double a, double b) { return a != b && !(std::isnan(a) && std::isnan(b)); }, out);
}

Status RunResetsKernel(const RangeCall& call, const RangeSamples& x, std::string_view, NoteSink*,
                       Row* out) {
  return CountMarks(
      call, x, [](const SampleRun& run) { return run.resets; },
      [](double a, double b) { return b < a; }, out);
}

}  // namespace firn::query
