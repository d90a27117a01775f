#include "query/exec/accumulators.h"

#include <algorithm>
#include <cmath>

#include "query/functions/histogram/histogram_sum.h"
#include "query/functions/kahan.h"
#include "query/functions/vector_loops.h"

namespace firn::query {
namespace {

std::string IgnoredHistogram(AggregateOp op) {
  return fmt::format("ignored histogram in {} aggregation", AggregateOpName(op));
}

class ArrayAccumulator : public Accumulator {
 protected:
  ArrayAccumulator(AggregateOp op, size_t groups, size_t steps)
      : op_(op), steps_(steps), cells_(groups * steps) {}

  // Position of a group's first step.
  size_t Base(size_t group) const { return group * steps_; }
  size_t cells() const { return cells_; }

  AggregateOp op_;
  size_t steps_;

 private:
  size_t cells_;
};

constexpr uint8_t kHasFloat = 1;
constexpr uint8_t kHasHistogram = 2;
constexpr uint8_t kIncrementalMean = 4;

// Calls visit(begin, end) for every run of steps [begin, end) with a float.
template <typename Visit>
void ForEachFloatRun(const std::vector<PointKind>& kinds, const Visit& visit) {
  const auto is_float = [](PointKind kind) { return kind == PointKind::kFloat; };
  auto begin = kinds.begin();
  while (true) {
    begin = std::find_if(begin, kinds.end(), is_float);
    if (begin == kinds.end()) return;
    const auto end = std::find_if_not(begin, kinds.end(), is_float);
    visit(static_cast<size_t>(begin - kinds.begin()), static_cast<size_t>(end - kinds.begin()));
    begin = end;
  }
}

// sum and avg.
class SumAccumulator : public ArrayAccumulator {
 public:
  SumAccumulator(AggregateOp op, size_t groups, size_t steps)
      : ArrayAccumulator(op, groups, steps),
        seen_(cells()),
        sum_(cells(), -0.0),
        compensation_(cells()) {
    if (op == AggregateOp::kAvg) count_.resize(cells());
  }

  void Add(size_t group, const Row& row, std::string_view metric, NoteSink* notes) override {
    const size_t base = Base(group);
    if (op_ == AggregateOp::kSum && row.h.empty()) return AddFloats(base, row);
    const bool average = op_ == AggregateOp::kAvg;
    for (size_t s = 0; s < steps_; ++s) {
      if (row.kind[s] == PointKind::kAbsent) continue;
      const size_t at = base + s;
      if (average) ++count_[at];
      if (row.kind[s] == PointKind::kHistogram) {
        AddHistogram(at, *row.h[s], metric, notes);
      } else if (!(seen_[at] & kHasFloat)) {
        seen_[at] |= kHasFloat;
        sum_[at] = row.v[s];
      } else if (average) {
        AddToMean(at, row.v[s]);
      } else {
        KahanAdd(row.v[s], &sum_[at], &compensation_[at]);
      }
    }
  }

  void Finish(size_t group, NoteSink* notes, Row* out) override {
    const size_t base = Base(group);
    for (size_t s = 0; s < steps_; ++s) {
      const size_t at = base + s;
      if ((seen_[at] & kHasFloat) && (seen_[at] & kHasHistogram)) {
        notes->Warn("encountered a mix of histograms and floats for aggregation");
      } else if (seen_[at] & kHasFloat) {
        out->SetFloat(s, Value(at));
      } else if ((seen_[at] & kHasHistogram) && !histograms_[at].incompatible()) {
        out->SetHistogram(
            s, op_ == AggregateOp::kAvg ? histograms_[at].Mean(count_[at]) : histograms_[at].Sum());
      }
    }
  }

 private:
  // Sums begin at -0: added to that, any first value stays what it is.
  void AddFloats(size_t base, const Row& row) {
    ForEachFloatRun(row.kind, [&](size_t begin, size_t end) {
      uint8_t* const seen = &seen_[base];
      for (size_t s = begin; s < end; ++s) seen[s] |= kHasFloat;
      BestLoops().kahan_add(&row.v[begin], end - begin, &sum_[base + begin],
                            &compensation_[base + begin]);
    });
  }

  void AddHistogram(size_t at, const FloatHistogram& h, std::string_view metric, NoteSink* notes) {
    if (histograms_.empty()) histograms_.resize(cells());
    seen_[at] |= kHasHistogram;
    if (seen_[at] & kHasFloat) return;  // There will be no result.
    if (op_ == AggregateOp::kAvg) {
      histograms_[at].AddToMean(h, count_[at], metric, notes);
    } else {
      histograms_[at].Add(h, metric, notes);
    }
  }

  void AddToMean(size_t at, double x) {
    const double n = count_[at];
    if (!(seen_[at] & kIncrementalMean)) {
      double sum = sum_[at];
      double compensation = compensation_[at];
      KahanAdd(x, &sum, &compensation);
      if (!std::isinf(sum)) {
        sum_[at] = sum;
        compensation_[at] = compensation;
        return;
      }
      // The sum would overflow: from here on keep the mean itself.
      seen_[at] |= kIncrementalMean;
      sum_[at] /= n - 1;
      compensation_[at] /= n - 1;
    }
    const double q = (n - 1) / n;
    sum_[at] *= q;
    compensation_[at] *= q;
    KahanAdd(x / n, &sum_[at], &compensation_[at]);
  }

  double Value(size_t at) const {
    if (op_ == AggregateOp::kSum || (seen_[at] & kIncrementalMean)) {
      return sum_[at] + compensation_[at];
    }
    const double n = count_[at];
    return sum_[at] / n + compensation_[at] / n;
  }

  std::vector<uint8_t> seen_;
  std::vector<double> sum_;  // With kIncrementalMean: the mean.
  std::vector<double> compensation_;
  std::vector<uint32_t> count_;  // Of avg only.
  std::vector<HistogramSum> histograms_;
};

// count and group.
class CountAccumulator : public ArrayAccumulator {
 public:
  CountAccumulator(AggregateOp op, size_t groups, size_t steps)
      : ArrayAccumulator(op, groups, steps), count_(cells()) {}

  void Add(size_t group, const Row& row, std::string_view, NoteSink*) override {
    uint32_t* count = &count_[Base(group)];
    for (size_t s = 0; s < steps_; ++s) count[s] += row.kind[s] != PointKind::kAbsent;
  }

  void Finish(size_t group, NoteSink*, Row* out) override {
    const uint32_t* count = &count_[Base(group)];
    for (size_t s = 0; s < steps_; ++s) {
      if (count[s] > 0) out->SetFloat(s, op_ == AggregateOp::kCount ? count[s] : 1);
    }
  }

 private:
  std::vector<uint32_t> count_;
};

// min and max.
class ExtremeAccumulator : public ArrayAccumulator {
 public:
  ExtremeAccumulator(AggregateOp op, size_t groups, size_t steps)
      : ArrayAccumulator(op, groups, steps), seen_(cells()), value_(cells()) {}

  void Add(size_t group, const Row& row, std::string_view, NoteSink* notes) override {
    const size_t base = Base(group);
    const bool max = op_ == AggregateOp::kMax;
    for (size_t s = 0; s < steps_; ++s) {
      if (row.kind[s] == PointKind::kHistogram) notes->Info(IgnoredHistogram(op_));
      if (row.kind[s] != PointKind::kFloat) continue;
      double& value = value_[base + s];
      const double x = row.v[s];
      if (!seen_[base + s] || (max ? value < x : value > x) || std::isnan(value)) value = x;
      seen_[base + s] = 1;
    }
  }

  void Finish(size_t group, NoteSink*, Row* out) override {
    const size_t base = Base(group);
    for (size_t s = 0; s < steps_; ++s) {
      if (seen_[base + s]) out->SetFloat(s, value_[base + s]);
    }
  }

 private:
  std::vector<uint8_t> seen_;
  std::vector<double> value_;
};

// stddev and stdvar, by Welford's method.
class SpreadAccumulator : public ArrayAccumulator {
 public:
  SpreadAccumulator(AggregateOp op, size_t groups, size_t steps)
      : ArrayAccumulator(op, groups, steps), count_(cells()), mean_(cells()), squares_(cells()) {}

  void Add(size_t group, const Row& row, std::string_view, NoteSink* notes) override {
    const size_t base = Base(group);
    for (size_t s = 0; s < steps_; ++s) {
      if (row.kind[s] == PointKind::kHistogram) notes->Info(IgnoredHistogram(op_));
      if (row.kind[s] != PointKind::kFloat) continue;
      const size_t at = base + s;
      const double x = row.v[s];
      if (++count_[at] == 1) {
        mean_[at] = x;
        squares_[at] = std::isfinite(x) ? 0 : std::nan("");
        continue;
      }
      const double delta = x - mean_[at];
      mean_[at] += delta / count_[at];
      squares_[at] += delta * (x - mean_[at]);
    }
  }

  void Finish(size_t group, NoteSink*, Row* out) override {
    const size_t base = Base(group);
    for (size_t s = 0; s < steps_; ++s) {
      if (count_[base + s] == 0) continue;
      const double variance = squares_[base + s] / count_[base + s];
      out->SetFloat(s, op_ == AggregateOp::kStddev ? std::sqrt(variance) : variance);
    }
  }

 private:
  std::vector<uint32_t> count_;
  std::vector<double> mean_;
  std::vector<double> squares_;
};

}  // namespace

std::unique_ptr<Accumulator> MakeAccumulator(AggregateOp op, size_t groups, size_t steps) {
  switch (op) {
    case AggregateOp::kSum:
    case AggregateOp::kAvg:
      return std::make_unique<SumAccumulator>(op, groups, steps);
    case AggregateOp::kCount:
    case AggregateOp::kGroup:
      return std::make_unique<CountAccumulator>(op, groups, steps);
    case AggregateOp::kMin:
    case AggregateOp::kMax:
      return std::make_unique<ExtremeAccumulator>(op, groups, steps);
    case AggregateOp::kStddev:
    case AggregateOp::kStdvar:
      return std::make_unique<SpreadAccumulator>(op, groups, steps);
    default:
      return nullptr;
  }
}

}  // namespace firn::query
