#include "query/functions/histogram/histogram_sum.h"

#include <cmath>

#include "base/labels.h"
#include "query/functions/histogram/histogram_buckets.h"

namespace firn::query {

void HistogramSum::Add(const FloatHistogram& h, std::string_view metric, NoteSink* notes) {
  if (incompatible_) return;
  const HistogramAddOutcome outcome = sum_.Add(h);
  if (outcome.incompatible) {
    incompatible_ = true;
    notes->Warn("vector contains a mix of histograms with exponential and custom buckets schemas" +
                (metric.empty() ? std::string() : " for metric name " + QuoteGo(metric)));
  }
  reset_seen_ |= h.counter_reset_hint == CounterResetHint::kReset;
  not_reset_seen_ |= h.counter_reset_hint == CounterResetHint::kNotReset;
  if (reset_seen_ && not_reset_seen_) {
    notes->Warn("conflicting counter resets during histogram aggregation");
  }
  if (outcome.bounds_reconciled) {
    notes->Info("mismatched custom buckets were reconciled during aggregation");
  }
}

void HistogramSum::AddToMean(const FloatHistogram& h, double count, std::string_view metric,
                             NoteSink* notes) {
  if (!incremental_ && !sum_.empty() &&
      (std::isinf(sum_.sum().sum + h.sum) || std::isinf(sum_.sum().count + h.count))) {
    incremental_ = true;
    sum_.Divide(count - 1);
  }
  if (!incremental_) {
    Add(h, metric, notes);
    return;
  }
  sum_.Scale((count - 1) / count);
  FloatHistogram part = h;
  DivideHistogram(count, &part);
  Add(part, metric, notes);
}

HistogramPtr HistogramSum::Sum() const {
  auto out = std::make_shared<FloatHistogram>(sum_.Total());
  Compact(out.get());
  return out;
}

HistogramPtr HistogramSum::Mean(double count) const {
  if (incremental_) return Sum();
  HistogramKahan mean = sum_;
  mean.Divide(count);
  auto out = std::make_shared<FloatHistogram>(mean.Total());
  Compact(out.get());
  return out;
}

}  // namespace firn::query
