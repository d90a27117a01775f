#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "query/functions/kahan.h"
#include "query/functions/range_windows.h"
#include "query/functions/vector_loops.h"

namespace firn::query {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();

// Sums of integers are exact while they stay below 2^53, in whatever order they are added:
// then differences of prefix sums equal the compensated sum bit for bit. Empty if they
// might not be.
std::vector<double> ExactPrefixSums(std::span<const double> v) {
  constexpr double kExactMax = 9007199254740992.0;
  std::vector<double> sums(v.size() + 1);
  double magnitude = 0;
  double sum = 0;
  for (size_t i = 0; i < v.size(); ++i) {
    magnitude += std::fabs(v[i]);
    // NaN fails the comparison too.
    if (!(magnitude < kExactMax) || v[i] != std::trunc(v[i])) return {};
    sum += v[i];
    sums[i + 1] = sum;
  }
  return sums;
}

template <typename Fn>
Status EachWindow(const RangeCall& call, const RangeSamples& samples, Row* out, const Fn& fn) {
  ForEachWindow(call, samples, [&](size_t step, size_t first, size_t last) {
    out->SetFloat(step, fn(first, last));
  });
  return OkStatus();
}

// In how many windows a sample is at most.
uint64_t Overlap(const RangeCall& call) {
  const auto count = static_cast<uint64_t>(call.grid.count);
  if (count <= 1 || call.grid.step <= 0) return count;
  return std::min(count, static_cast<uint64_t>(call.range / call.grid.step) + 1);
}

// Of equal values the first one is the extreme; NaN only if there is nothing else.
template <typename Better>
double FirstExtreme(std::span<const double> v, const Better& better) {
  double best = v[0];
  for (const double x : v) {
    if (better(x, best) || std::isnan(best)) best = x;
  }
  return best;
}

// The same without a branch for each sample. `worst` is not better than any number.
template <typename Better>
double ExtremeOf(std::span<const double> v, double worst, const Better& better) {
  constexpr size_t kLanes = 4;
  const auto choose = [&](double x, double best) { return better(x, best) ? x : best; };
  double best[kLanes] = {worst, worst, worst, worst};
  size_t i = 0;
  for (; i + kLanes <= v.size(); i += kLanes) {
    for (size_t k = 0; k < kLanes; ++k) best[k] = choose(v[i + k], best[k]);
  }
  for (; i < v.size(); ++i) best[0] = choose(v[i], best[0]);
  const double found = choose(choose(best[3], best[2]), choose(best[1], best[0]));
  // Which of the zeros came first, or whether there is a number at all, is not known here.
  return found == 0 || found == worst ? FirstExtreme(v, better) : found;
}

// The extreme of every window: of windows that overlap much by a queue of candidates, each better
// than all after it.
template <typename Better>
Status Extreme(const RangeCall& call, const RangeSamples& samples, double worst,
               const Better& better, Row* out) {
  constexpr uint64_t kOverlapMax = 16;
  const auto v = samples.v;
  if (Overlap(call) <= kOverlapMax) {
    return EachWindow(call, samples, out, [&](size_t first, size_t last) {
      return ExtremeOf(v.subspan(first, last - first), worst, better);
    });
  }
  std::vector<size_t> queue;
  size_t head = 0;
  size_t seen = 0;
  ForEachWindow(call, samples, [&](size_t step, size_t first, size_t last) {
    for (; seen < last; ++seen) {
      if (std::isnan(v[seen])) continue;
      while (queue.size() > head && better(v[seen], v[queue.back()])) queue.pop_back();
      queue.push_back(seen);
    }
    while (head < queue.size() && queue[head] < first) ++head;
    out->SetFloat(step, head < queue.size() ? v[queue[head]] : v[last - 1]);
  });
  return OkStatus();
}

template <typename Better>
Status TimeOfExtreme(const RangeCall& call, const RangeSamples& samples, const Better& better,
                     Row* out) {
  const auto v = samples.v;
  return EachWindow(call, samples, out, [&](size_t first, size_t last) {
    size_t best = first;
    for (size_t i = first; i < last; ++i) {
      if (better(v[i], v[best]) || std::isnan(v[best])) best = i;
    }
    return static_cast<double>(samples.t[best]) / 1000;
  });
}

// Calls run(step, first, count, width) for stretches of windows that move on by one sample each,
// windows without a sample left out; false if there are none such stretches.
template <typename Run>
bool ForEachRun(const RangeSamples& samples, const Run& run) {
  if (samples.plan == nullptr || samples.plan->Runs().empty()) return false;
  const std::vector<uint32_t>& firsts = samples.plan->first();
  const std::vector<uint32_t>& lasts = samples.plan->last();
  for (const auto& [step, count] : samples.plan->Runs()) {
    const uint32_t first = firsts[step];
    if (lasts[step] > first) run(size_t{step}, size_t{first}, count, size_t{lasts[step] - first});
  }
  return true;
}

// Sums and compensations of all windows of runs.
template <typename Finish>
bool RunSums(const RangeSamples& samples, Row* out, const Finish& finish) {
  std::vector<double> c;
  return ForEachRun(samples, [&](size_t step, size_t first, size_t count, size_t width) {
    c.resize(count);
    double* const sum = &out->v[step];
    BestLoops().window_sums(&samples.v[first], width, count, sum, c.data());
    std::fill_n(&out->kind[step], count, PointKind::kFloat);
    for (size_t i = 0; i < count; ++i) sum[i] = finish(first + i, width, sum[i], c[i]);
  });
}

bool RunVariances(const RangeSamples& samples, Row* out) {
  return ForEachRun(samples, [&](size_t step, size_t first, size_t count, size_t width) {
    BestLoops().window_variances(&samples.v[first], width, count, &out->v[step]);
    std::fill_n(&out->kind[step], count, PointKind::kFloat);
  });
}

double Mean(std::span<const double> v) {
  MeanAccumulator mean;
  for (const double x : v) mean.Add(x);
  return mean.Result();
}

double Variance(std::span<const double> v) {
  VarianceAccumulator variance;
  for (const double x : v) variance.Add(x);
  return variance.Result();
}

}  // namespace

Status SumKernel(const RangeCall& call, const RangeSamples& samples, std::string_view, NoteSink*,
                 Row* out) {
  const auto v = samples.v;
  const std::vector<double> exact = ExactPrefixSums(v);
  if (!exact.empty()) {
    return EachWindow(call, samples, out,
                      [&](size_t first, size_t last) { return exact[last] - exact[first]; });
  }
  const auto finish = [](size_t, size_t, double sum, double c) {
    return std::isinf(sum) ? sum : sum + c;
  };
  if (RunSums(samples, out, finish)) return OkStatus();
  return EachWindow(call, samples, out, [&](size_t first, size_t last) {
    double sum = 0;
    double c = 0;
    for (size_t i = first; i < last; ++i) KahanAdd(v[i], &sum, &c);
    return finish(first, last - first, sum, c);
  });
}

Status AvgKernel(const RangeCall& call, const RangeSamples& samples, std::string_view, NoteSink*,
                 Row* out) {
  const auto v = samples.v;
  const std::vector<double> exact = ExactPrefixSums(v);
  if (!exact.empty()) {
    return EachWindow(call, samples, out, [&](size_t first, size_t last) {
      return (exact[last] - exact[first]) / static_cast<double>(last - first);
    });
  }
  // A sum that overflows is not what the mean is made of.
  const auto finish = [&](size_t first, size_t width, double sum, double c) {
    const auto n = static_cast<double>(width);
    return std::isfinite(sum) ? sum / n + c / n : Mean(v.subspan(first, width));
  };
  if (RunSums(samples, out, finish)) return OkStatus();
  return EachWindow(call, samples, out, [&](size_t first, size_t last) {
    return Mean(v.subspan(first, last - first));
  });
}

Status MinKernel(const RangeCall& call, const RangeSamples& samples, std::string_view, NoteSink*,
                 Row* out) {
  return Extreme(
      call, samples, kInf, [](double a, double b) { return a < b; }, out);
}

Status MaxKernel(const RangeCall& call, const RangeSamples& samples, std::string_view, NoteSink*,
                 Row* out) {
  return Extreme(
      call, samples, -kInf, [](double a, double b) { return a > b; }, out);
}

Status CountKernel(const RangeCall& call, const RangeSamples& samples, std::string_view, NoteSink*,
                   Row* out) {
  return EachWindow(call, samples, out,
                    [](size_t first, size_t last) { return static_cast<double>(last - first); });
}

Status PresentKernel(const RangeCall& call, const RangeSamples& samples, std::string_view,
                     NoteSink*, Row* out) {
  return EachWindow(call, samples, out, [](size_t, size_t) { return 1.0; });
}

Status FirstKernel(const RangeCall& call, const RangeSamples& samples, std::string_view, NoteSink*,
                   Row* out) {
  return EachWindow(call, samples, out, [&](size_t first, size_t) { return samples.v[first]; });
}

Status LastKernel(const RangeCall& call, const RangeSamples& samples, std::string_view, NoteSink*,
                  Row* out) {
  return EachWindow(call, samples, out, [&](size_t, size_t last) { return samples.v[last - 1]; });
}

Status StdvarKernel(const RangeCall& call, const RangeSamples& samples, std::string_view, NoteSink*,
                    Row* out) {
  if (RunVariances(samples, out)) return OkStatus();
  return EachWindow(call, samples, out, [&](size_t first, size_t last) {
    return Variance(samples.v.subspan(first, last - first));
  });
}

Status StddevKernel(const RangeCall& call, const RangeSamples& samples, std::string_view, NoteSink*,
                    Row* out) {
  if (RunVariances(samples, out)) {
    for (size_t s = 0; s < out->steps(); ++s) {
      if (out->kind[s] == PointKind::kFloat) out->v[s] = std::sqrt(out->v[s]);
    }
    return OkStatus();
  }
  return EachWindow(call, samples, out, [&](size_t first, size_t last) {
    return std::sqrt(Variance(samples.v.subspan(first, last - first)));
  });
}

Status TsOfFirstKernel(const RangeCall& call, const RangeSamples& samples, std::string_view,
                       NoteSink*, Row* out) {
  return EachWindow(call, samples, out, [&](size_t first, size_t) {
    return static_cast<double>(samples.t[first]) / 1000;
  });
}

Status TsOfLastKernel(const RangeCall& call, const RangeSamples& samples, std::string_view,
                      NoteSink*, Row* out) {
  return EachWindow(call, samples, out, [&](size_t, size_t last) {
    return static_cast<double>(samples.t[last - 1]) / 1000;
  });
}

Status TsOfMinKernel(const RangeCall& call, const RangeSamples& samples, std::string_view,
                     NoteSink*, Row* out) {
  return TimeOfExtreme(
      call, samples, [](double a, double b) { return a <= b; }, out);
}

Status TsOfMaxKernel(const RangeCall& call, const RangeSamples& samples, std::string_view,
                     NoteSink*, Row* out) {
  return TimeOfExtreme(
      call, samples, [](double a, double b) { return a >= b; }, out);
}

}  // namespace firn::query
