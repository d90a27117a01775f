// Kahan summation with Neumaier's improvement, step by step as Prometheus does it.
#pragma once

#include <cmath>

namespace firn::query {

// Adds `x` to the running `sum` with compensation `c`; the total is sum + c.
inline void KahanAdd(double x, double* sum, double* c) {
  const double t = *sum + x;
  if (std::isinf(t)) {
    *c = 0;
  } else if (std::fabs(*sum) >= std::fabs(x)) {
    // The low digits of x were lost.
    *c += (*sum - t) + x;
  } else {
    *c += (x - t) + *sum;
  }
  *sum = t;
}

// The mean in the order of Prometheus: a direct sum until it would overflow, an incremental
// mean from there on.
class MeanAccumulator {
 public:
  void Add(double x) {
    count_ += 1;
    if (count_ == 1) {
      sum_ = x;
      return;
    }
    if (!incremental_) {
      double sum = sum_;
      double c = c_;
      KahanAdd(x, &sum, &c);
      if (!std::isinf(sum)) {
        sum_ = sum;
        c_ = c;
        return;
      }
      incremental_ = true;
      mean_ = sum_ / (count_ - 1);
      c_ /= count_ - 1;
    }
    const double q = (count_ - 1) / count_;
    mean_ *= q;
    c_ *= q;
    KahanAdd(x / count_, &mean_, &c_);
  }
  double Result() const { return incremental_ ? mean_ + c_ : sum_ / count_ + c_ / count_; }

 private:
  double count_ = 0;
  double sum_ = 0;
  double mean_ = 0;
  double c_ = 0;
  bool incremental_ = false;
};

// Population variance by Welford's method, both sums compensated.
class VarianceAccumulator {
 public:
  void Add(double x) {
    count_ += 1;
    const double delta = x - (mean_ + mean_c_);
    KahanAdd(delta / count_, &mean_, &mean_c_);
    KahanAdd(delta * (x - (mean_ + mean_c_)), &aux_, &aux_c_);
  }
  double Result() const { return (aux_ + aux_c_) / count_; }

 private:
  double count_ = 0;
  double mean_ = 0;
  double mean_c_ = 0;
  double aux_ = 0;
  double aux_c_ = 0;
};

}  // namespace firn::query
