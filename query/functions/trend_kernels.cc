#include <cmath>

#include "base/sample.h"
#include "query/functions/kahan.h"
#include "query/functions/range_windows.h"

namespace firn::query {
namespace {

struct Line {
  double slope;
  double intercept;
};

// Least squares with x in seconds from `origin`, all sums compensated.
Line FitLine(std::span<const TimestampMs> t, std::span<const double> v, TimestampMs origin) {
  double sum_x = 0, c_x = 0;
  double sum_y = 0, c_y = 0;
  double sum_xy = 0, c_xy = 0;
  double sum_x2 = 0, c_x2 = 0;
  bool constant = true;
  for (size_t i = 0; i < v.size(); ++i) {
    if (v[i] != v[0]) constant = false;
    const double x = static_cast<double>(t[i] - origin) / 1e3;
    KahanAdd(x, &sum_x, &c_x);
    KahanAdd(v[i], &sum_y, &c_y);
    KahanAdd(x * v[i], &sum_xy, &c_xy);
    KahanAdd(x * x, &sum_x2, &c_x2);
  }
  // NaN differs from itself, but one value alone decides nothing.
  if (constant || (v.size() == 1 && std::isnan(v[0]))) {
    if (std::isinf(v[0])) return {NormalNan(), NormalNan()};
    return {0, v[0]};
  }
  const double n = static_cast<double>(v.size());
  sum_x += c_x;
  sum_y += c_y;
  sum_xy += c_xy;
  sum_x2 += c_x2;
  const double covariance = sum_xy - sum_x * sum_y / n;
  const double variance = sum_x2 - sum_x * sum_x / n;
  const double slope = covariance / variance;
  return {slope, sum_y / n - slope * sum_x / n};
}

double Smooth(std::span<const double> v, double sf, double tf) {
  double before = 0;
  double smoothed = v[0];
  double trend = v[1] - v[0];
  for (size_t i = 1; i < v.size(); ++i) {
    const double x = sf * v[i];
    if (i > 1) trend = tf * (smoothed - before) + (1 - tf) * trend;
    const double y = (1 - sf) * (smoothed + trend);
    before = smoothed;
    smoothed = x + y;
  }
  return smoothed;
}

}  // namespace

Status DerivKernel(const RangeCall& call, const RangeSamples& samples, std::string_view, NoteSink*,
                   Row* out) {
  ForEachWindow(call, samples, [&](size_t step, size_t first, size_t last) {
    if (last - first < 2) return;
    const auto t = samples.t.subspan(first, last - first);
    out->SetFloat(step, FitLine(t, samples.v.subspan(first, last - first), t[0]).slope);
  });
  return OkStatus();
}

Status PredictLinearKernel(const RangeCall& call, const RangeSamples& samples, std::string_view,
                           NoteSink*, Row* out) {
  ForEachWindow(call, samples, [&](size_t step, size_t first, size_t last) {
    if (last - first < 2) return;
    const Line line = FitLine(samples.t.subspan(first, last - first),
                              samples.v.subspan(first, last - first), call.evaluation.At(step));
    out->SetFloat(step, line.slope * call.params[0][step] + line.intercept);
  });
  return OkStatus();
}

Status SmoothingKernel(const RangeCall& call, const RangeSamples& samples, std::string_view,
                       NoteSink*, Row* out) {
  Status status;
  ForEachWindow(call, samples, [&](size_t step, size_t first, size_t last) {
    const double sf = call.params[0][step];
    const double tf = call.params[1][step];
    if (sf <= 0 || sf >= 1) {
      status = Evaluation("invalid smoothing factor. Expected: 0 < sf < 1, got: {:f}", sf);
    } else if (tf <= 0 || tf >= 1) {
      status = Evaluation("invalid trend factor. Expected: 0 < tf < 1, got: {:f}", tf);
    } else if (last - first >= 2) {
      out->SetFloat(step, Smooth(samples.v.subspan(first, last - first), sf, tf));
    }
  });
  return status;
}

}  // namespace firn::query
