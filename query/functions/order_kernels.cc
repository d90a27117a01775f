#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <vector>

#include "base/number.h"
#include "base/sample.h"
#include "query/functions/quantile.h"
#include "query/functions/range_windows.h"

namespace firn::query {
namespace {

// A whole number that orders as the value does, NaN before all others. Whole numbers compare
// without branches, which a binary search over random values would guess wrong every other time.
int64_t OrderOf(double x) {
  if (std::isnan(x)) return INT64_MIN;
  const auto bits = std::bit_cast<int64_t>(x);
  return bits >= 0 ? bits : bits ^ INT64_MAX;
}

double ValueOf(int64_t order) {
  if (order == INT64_MIN) return NormalNan();
  return std::bit_cast<double>(order >= 0 ? order : order ^ INT64_MAX);
}

// The values of a window in order, kept while the window moves.
class SortedWindow {
 public:
  explicit SortedWindow(std::span<const double> v) {
    orders_.reserve(v.size());
    for (const double x : v) orders_.push_back(OrderOf(x));
  }

  void Move(size_t first, size_t last) {
    const size_t changed = (first - first_) + (last - last_);
    if (first >= last_ || changed > sorted_.size() / 2) {
      sorted_.assign(orders_.begin() + static_cast<ptrdiff_t>(first),
                     orders_.begin() + static_cast<ptrdiff_t>(last));
      std::sort(sorted_.begin(), sorted_.end());
      first_ = first;
      last_ = last;
      return;
    }
    while (first_ < first && last_ < last) Replace(orders_[first_++], orders_[last_++]);
    for (; first_ < first; ++first_) {
      sorted_.erase(sorted_.begin() + static_cast<ptrdiff_t>(Find(orders_[first_])));
    }
    for (; last_ < last; ++last_) {
      const int64_t x = orders_[last_];
      sorted_.insert(sorted_.begin() + static_cast<ptrdiff_t>(Find(x)), x);
    }
  }

  size_t size() const { return sorted_.size(); }
  double operator[](size_t rank) const { return ValueOf(sorted_[rank]); }

 private:
  // How many values are below x.
  size_t Find(int64_t x) const {
    const int64_t* begin = sorted_.data();
    size_t n = sorted_.size();
    while (n > 1) {
      const size_t half = n / 2;
      begin += half & -static_cast<size_t>(begin[half - 1] < x);
      n -= half;
    }
    return static_cast<size_t>(begin - sorted_.data()) + (n == 1 && *begin < x ? 1 : 0);
  }

  // Only what lies between the two places moves.
  void Replace(int64_t out, int64_t in) {
    const size_t from = Find(out);
    const size_t to = Find(in);
    int64_t* const s = sorted_.data();
    if (to > from) {
      std::memmove(s + from, s + from + 1, (to - 1 - from) * sizeof *s);
      s[to - 1] = in;
    } else {
      std::memmove(s + to + 1, s + to, (from - to) * sizeof *s);
      s[to] = in;
    }
  }

  std::vector<int64_t> orders_;  // Of all samples.
  size_t first_ = 0;
  size_t last_ = 0;
  std::vector<int64_t> sorted_;
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
    sorted.Move(first, last);
    out->SetFloat(step, QuantileOfRanks(phi, sorted));
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
