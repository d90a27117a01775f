// Inner loops over columns of numbers, for the instruction set at hand. What they yield does
// not depend on it: every element is computed by the same operations in the same order.
#pragma once

#include <cstddef>
#include <cstdint>

namespace firn::query {

struct VectorLoops {
  // Whether a value is a stale marker.
  bool (*any_stale)(const double* v, size_t n);
  // Whether a value is below the one before it.
  bool (*any_drop)(const double* v, size_t n);
  // out[i] = a[i] - b[i]
  void (*subtract)(const double* a, const double* b, size_t n, double* out);
  // out[i] = gained[i] * factor[i]; true if for some i a counter that starts at first[i] and
  // gains gained[i] over sampled[i] would have been 0 less than to_start[i] before.
  bool (*scale_gains)(const double* gained, const double* first, const double* sampled,
                      const double* to_start, const double* factor, size_t n, double* out);
  // For windows of gaps[i] + 1 samples that begin `lead[i]` ms before their first sample, end
  // `trail[i]` ms after their last and hold `between[i]` ms in between: turns the three into
  // what StretchOf makes of them, in seconds, and sets factor[i] to StretchFactor / divisor.
  void (*stretch)(const double* gaps, double divisor, size_t n, double* lead, double* trail,
                  double* between, double* factor);
  // Adds x[i] to the compensated sum (sum[i], c[i]): KahanAdd of kahan.h.
  void (*kahan_add)(const double* x, size_t n, double* sum, double* c);
  // The compensated sums (sum[i], c[i]) of the windows v[i] ... v[i + width - 1], each added up
  // from its first value on. REQUIRES: width > 0.
  void (*window_sums)(const double* v, size_t width, size_t n, double* sum, double* c);
  // What VarianceAccumulator of kahan.h yields for the same windows.
  void (*window_variances)(const double* v, size_t width, size_t n, double* out);
};

// The best that this machine has, and what every machine has.
const VectorLoops& BestLoops();
const VectorLoops& BaselineLoops();

}  // namespace firn::query
