// Sum or mean of histograms: of a group at one step, or of a window.
#pragma once

#include <memory>
#include <string_view>

#include "base/histogram.h"
#include "query/functions/histogram/histogram_ops.h"
#include "query/functions/range_function.h"

namespace firn::query {

// One thread at a time.
class HistogramSum {
 public:
  // Adds to the sum. `metric` is for annotations.
  void Add(const FloatHistogram& h, std::string_view metric, NoteSink* notes);
  // Adds to the mean, of which `h` is the number `count`.
  void AddToMean(const FloatHistogram& h, double count, std::string_view metric, NoteSink* notes);

  // Exponential and custom buckets met: there is no result.
  bool incompatible() const { return incompatible_; }
  HistogramPtr Sum() const;
  HistogramPtr Mean(double count) const;

 private:
  HistogramKahan sum_;
  bool incompatible_ = false;
  bool reset_seen_ = false;  // Hints met, which may contradict each other.
  bool not_reset_seen_ = false;
  bool incremental_ = false;  // sum_ holds the mean itself, for its sum would overflow.
};

}  // namespace firn::query
