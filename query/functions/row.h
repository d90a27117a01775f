// Values of one series at every evaluation time of a query: the unit in which operators
// and kernels hand results on.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/histogram.h"
#include "base/time.h"

namespace firn::query {

// Evaluation times start, start + step, ...; count of them. An instant query has count 1.
struct StepGrid {
  TimestampMs start = 0;
  DurationMs step = 1;
  size_t count = 1;

  TimestampMs At(size_t i) const { return start + static_cast<TimestampMs>(i) * step; }
  TimestampMs end() const { return At(count - 1); }
  friend bool operator==(const StepGrid&, const StepGrid&) = default;
};

enum class PointKind : uint8_t { kAbsent = 0, kFloat = 1, kHistogram = 2 };

// Columns of equal length, one entry per step; `h` stays empty until a histogram occurs.
struct Row {
  std::vector<PointKind> kind;
  std::vector<double> v;
  std::vector<HistogramPtr> h;

  void Reset(size_t steps) {
    kind.assign(steps, PointKind::kAbsent);
    v.resize(steps);
    h.clear();
  }
  size_t steps() const { return kind.size(); }
  void SetFloat(size_t i, double value) {
    kind[i] = PointKind::kFloat;
    v[i] = value;
  }
  void SetHistogram(size_t i, HistogramPtr value) {
    if (h.empty()) h.resize(kind.size());
    kind[i] = PointKind::kHistogram;
    h[i] = std::move(value);
  }
  void SetAbsent(size_t i) { kind[i] = PointKind::kAbsent; }
  bool empty() const {
    for (const PointKind k : kind) {
      if (k != PointKind::kAbsent) return false;
    }
    return true;
  }
};

}  // namespace firn::query
