// Arithmetic on native histograms.
#pragma once

#include <string>

#include "base/histogram.h"

namespace firn::query {

struct HistogramAddOutcome {
  bool incompatible = false;       // Exponential and custom buckets: nothing was done.
  bool reset_collision = false;    // One hint says reset, the other not.
  bool bounds_reconciled = false;  // Different custom bounds: cut down to the common ones.
};

// into += other, or into -= other. Of two exponential schemas the lower one is used, and the
// larger zero threshold, widened to the edge of a populated bucket that it cuts.
HistogramAddOutcome AddHistogram(const FloatHistogram& other, FloatHistogram* into);
HistogramAddOutcome SubtractHistogram(const FloatHistogram& other, FloatHistogram* into);

// Sum of many with compensated addition in every bucket.
class HistogramKahan {
 public:
  bool empty() const { return empty_; }
  HistogramAddOutcome Add(const FloatHistogram& h);
  // Multiplies what was added so far.
  void Scale(double factor);
  void Divide(double divisor);
  bool HasOverflow() const;
  const FloatHistogram& sum() const { return sum_; }
  // Sum and compensation together.
  FloatHistogram Total() const;

 private:
  bool empty_ = true;
  FloatHistogram sum_;
  FloatHistogram lost_;  // What rounding took, in the layout of sum_.
};

// A negative factor or divisor makes a gauge.
void MultiplyHistogram(double factor, FloatHistogram* h);
// By zero: everything becomes Inf or NaN, and the buckets go.
void DivideHistogram(double divisor, FloatHistogram* h);

// Bit-wise, up to empty buckets and spans; hints do not count.
bool EqualHistograms(const FloatHistogram& a, const FloatHistogram& b);

// True if the counter was reset between the two, by hint or by content.
bool DetectReset(const FloatHistogram& previous, const FloatHistogram& current);

// A copy at a lower schema. REQUIRES: exponential, schema <= h.schema.
FloatHistogram AtSchema(const FloatHistogram& h, int32_t schema);

// `h </ limit` keeps what is observed at or below, `h >/ limit` at or above.
void TrimUpper(double limit, FloatHistogram* h);
void TrimLower(double limit, FloatHistogram* h);

// `{count:3, sum:2.5, [-0.001,0.001]:1, (1,2]:2}`: populated buckets in rising order.
std::string HistogramText(const FloatHistogram& h);

}  // namespace firn::query
