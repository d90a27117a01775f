// Sum or mean of histograms at one step of one group.
#pragma once

#include <memory>

#include "base/histogram.h"
#include "query/functions/range_function.h"

namespace firn::query {

// One thread at a time.
class HistogramSum {
 public:
  HistogramSum();
  ~HistogramSum();
  HistogramSum(HistogramSum&&) noexcept;
  HistogramSum& operator=(HistogramSum&&) noexcept;

  // Adds to the sum, or moves the mean of `count` histograms with this one among them.
  void Add(const FloatHistogram& h, NoteSink* notes);
  void AddToMean(const FloatHistogram& h, double count, NoteSink* notes);

  // Exponential and custom buckets met: there is no result.
  bool incompatible() const { return incompatible_; }
  HistogramPtr Sum() const;
  HistogramPtr Mean(double count) const;

 private:
  struct State;
  bool Absorb(const FloatHistogram& h, NoteSink* notes);

  std::unique_ptr<State> state_;
  bool incompatible_ = false;
};

}  // namespace firn::query
