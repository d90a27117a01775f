#include <algorithm>
#include <cmath>
#include <vector>

#include "base/number.h"
#include "query/functions/quantile.h"
#include "query/functions/range_windows.h"

namespace firn::query {
namespace {

// The values of a window in order, kept while the window moves.
class SortedWindow {
 public:
  explicit SortedWindow(std::span<const double> v) : v_(v) {}

  std::span<const double> Move(size_t first, size_t last) {
    const size_t changed = (first - first_) + (last - last_);
    if (first >= last_ || changed > sorted_.size() / 2) {
      sorted_.assign(v_.begin() + static_cast<std::ptrdiff_t>(first),
                     v_.begin() + static_cast<std::ptrdiff_t>(last));
      std::sort(sorted_.begin(), sorted_.end(), QuantileLess);
    } else {
      for (size_t i = first_; i < first; ++i) sorted_.erase(Find(v_[i]));
      for (size_t i = last_; i < last; ++i) sorted_.insert(Find(v_[i]), v_[i]);
    }
    first_ = first;
    last_ = last;
    return sorted_;
  }

 private:
  std::vector<double>::iterator Find(double x) {
    return std::lower_bound(sorted_.begin(), sorted_.end(), x, QuantileLess);
  }

  std::span<const double> v_;
  size_t first_ = 0;
  size_t last_ = 0;
  std::vector<double> sorted_;
};

double MedianDeviation(std::span<const double> window, std::vector<double>* scratch) {
  scratch->assign(window.begin(), window.end());
  // A NaN makes the median, and so every deviation, undefined.
  for (const double x : window) {
    if (std::isnan(x)) return x;
  }
  const double median = Quantile(0.5, *scratch);
  for (double& x : *scratch) x = std::fabs(x - median);
  return Quantile(0.5, *scratch);
}

}  // namespace

Status QuantileKernel(const RangeCall& call, const RangeSamples& samples, std::string_view,
                      NoteSink* notes, Row* out) {
  const std::span<const double> phis = call.params[0];
  SortedWindow sorted(samples.v);
  ForEachWindow(call, samples, [&](size_t step, size_t first, size_t last) {
    const double phi = phis[step];
    if (!(phi >= 0 && phi <= 1)) {
      notes->Warn("quantile value should be between 0 and 1, got " + FormatFloatG(phi));
    }
    out->SetFloat(step, QuantileOfSorted(phi, sorted.Move(first, last)));
  });
  return OkStatus();
}

Status MadKernel(const RangeCall& call, const RangeSamples& samples, std::string_view, NoteSink*,
                 Row* out) {
  std::vector<double> scratch;
  ForEachWindow(call, samples, [&](size_t step, size_t first, size_t last) {
    out->SetFloat(step, MedianDeviation(samples.v.subspan(first, last - first), &scratch));
  });
  return OkStatus();
}

}  // namespace firn::query
