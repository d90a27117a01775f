#include <algorithm>
#include <cmath>
#include <vector>

#include "base/labels.h"
#include "query/functions/range_windows.h"
#include "query/functions/rate_extrapolation.h"

namespace firn::query {
namespace {

// Positions of samples below their predecessor.
std::vector<size_t> FindResets(std::span<const double> v) {
  std::vector<size_t> resets;
  for (size_t i = 1; i < v.size(); ++i) {
    if (v[i] < v[i - 1]) resets.push_back(i);
  }
  return resets;
}

template <RateKind kKind>
Status Extrapolate(const RangeCall& call, const RangeSamples& samples, std::string_view metric,
                   NoteSink* notes, Row* out) {
  const auto v = samples.v;
  std::vector<size_t> resets;
  if (kKind != RateKind::kDelta) resets = FindResets(v);
  size_t reset = 0;
  bool any = false;
  ForEachWindow(call, samples.t, [&](size_t step, size_t first, size_t last) {
    if (last - first < 2) return;
    double gained = v[last - 1] - v[first];
    while (reset < resets.size() && resets[reset] <= first) ++reset;
    for (size_t r = reset; r < resets.size() && resets[r] < last; ++r) {
      gained += v[resets[r] - 1];
    }
    const TimestampMs end = call.grid.At(step) - call.offset;
    const RateEdges edges{.zero_t = std::nullopt,
                          .first_t = samples.t[first],
                          .last_t = samples.t[last - 1],
                          .start = end - call.range,
                          .end = end,
                          .gaps = last - first - 1,
                          .first_v = v[first],
                          .range = call.range};
    out->SetFloat(step, gained * ExtrapolationFactor(kKind, edges, gained));
    any = true;
  });
  if (kKind != RateKind::kDelta && any) NoteNonCounter(metric, notes);
  return OkStatus();
}

template <bool kRate>
Status LastTwo(const RangeCall& call, const RangeSamples& samples, Row* out) {
  const auto v = samples.v;
  ForEachWindow(call, samples.t, [&](size_t step, size_t first, size_t last) {
    if (last - first < 2) return;
    double value = v[last - 1];
    if (!kRate || !(v[last - 1] < v[last - 2])) value = v[last - 1] - v[last - 2];
    if (kRate) {
      value /= static_cast<double>(samples.t[last - 1] - samples.t[last - 2]) / 1000;
    }
    out->SetFloat(step, value);
  });
  return OkStatus();
}

// Windows count marks between their samples: one prefix sum serves all of them.
template <typename IsMark>
Status CountMarks(const RangeCall& call, const RangeSamples& samples, const IsMark& is_mark,
                  Row* out) {
  std::vector<uint32_t> marks(samples.v.size(), 0);
  for (size_t i = 1; i < marks.size(); ++i) {
    marks[i] = marks[i - 1] + (is_mark(samples.v[i - 1], samples.v[i]) ? 1 : 0);
  }
  ForEachWindow(call, samples.t, [&](size_t step, size_t first, size_t last) {
    out->SetFloat(step, marks[last - 1] - marks[first]);
  });
  return OkStatus();
}

}  // namespace

double ExtrapolationFactor(RateKind kind, const RateEdges& w, double gained) {
  double to_start = w.zero_t ? 0 : static_cast<double>(w.first_t - w.start) / 1000;
  double to_end = static_cast<double>(w.end - w.last_t) / 1000;
  const double sampled = static_cast<double>(w.last_t - w.zero_t.value_or(w.first_t)) / 1000;
  const double between = static_cast<double>(w.last_t - w.first_t) / 1000;
  const double gap = w.gaps > 0 ? between / static_cast<double>(w.gaps) : 0;
  const double threshold = gap * 1.1;
  if (to_start >= threshold) to_start = gap / 2;
  if (kind != RateKind::kDelta && gained > 0 && w.first_v >= 0) {
    const double to_zero = sampled * (w.first_v / gained);
    if (to_zero < to_start) to_start = to_zero;
  }
  if (to_end >= threshold) to_end = gap / 2;
  double factor = 1;
  if (sampled != 0) factor = (sampled + to_start + to_end) / sampled;
  if (kind == RateKind::kRate) factor /= static_cast<double>(w.range) / 1000;
  return factor;
}

void NoteNonCounter(std::string_view metric, NoteSink* notes) {
  if (metric.empty()) return;
  for (const std::string_view suffix : {"_total", "_sum", "_count", "_bucket"}) {
    if (metric.ends_with(suffix)) return;
  }
  notes->Info("metric might not be a counter, name does not end in _total/_sum/_count/_bucket: " +
              QuoteGo(metric));
}

Status RateKernel(const RangeCall& call, const RangeSamples& samples, std::string_view metric,
                  NoteSink* notes, Row* out) {
  return Extrapolate<RateKind::kRate>(call, samples, metric, notes, out);
}

Status IncreaseKernel(const RangeCall& call, const RangeSamples& samples, std::string_view metric,
                      NoteSink* notes, Row* out) {
  return Extrapolate<RateKind::kIncrease>(call, samples, metric, notes, out);
}

Status DeltaKernel(const RangeCall& call, const RangeSamples& samples, std::string_view metric,
                   NoteSink* notes, Row* out) {
  return Extrapolate<RateKind::kDelta>(call, samples, metric, notes, out);
}

Status IrateKernel(const RangeCall& call, const RangeSamples& samples, std::string_view, NoteSink*,
                   Row* out) {
  return LastTwo<true>(call, samples, out);
}

Status IdeltaKernel(const RangeCall& call, const RangeSamples& samples, std::string_view, NoteSink*,
                    Row* out) {
  return LastTwo<false>(call, samples, out);
}

Status ChangesKernel(const RangeCall& call, const RangeSamples& samples, std::string_view,
                     NoteSink*, Row* out) {
  return CountMarks(
      call, samples, [](double a, double b) { return a != b && !(std::isnan(a) && std::isnan(b)); },
      out);
}

Status ResetsKernel(const RangeCall& call, const RangeSamples& samples, std::string_view, NoteSink*,
                    Row* out) {
  return CountMarks(
      call, samples, [](double a, double b) { return b < a; }, out);
}

}  // namespace firn::query
