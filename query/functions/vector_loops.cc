#include "query/functions/vector_loops.h"

#include <bit>
#include <cmath>
#include <limits>

#include "base/sample.h"

namespace firn::query {
namespace {

#define FIRN_LOOP [[gnu::always_inline]] inline

// Loops without early exit, so that they run on whole vectors.

FIRN_LOOP bool AnyStaleLoop(const double* v, size_t n) {
  const auto stale = std::bit_cast<int64_t>(StaleNan());
  int64_t found = 0;
  for (size_t i = 0; i < n; ++i) found |= std::bit_cast<int64_t>(v[i]) == stale ? -1 : 0;
  return found != 0;
}

FIRN_LOOP bool AnyDropLoop(const double* v, size_t n) {
  int64_t found = 0;
  for (size_t i = 1; i < n; ++i) found |= v[i] < v[i - 1] ? -1 : 0;
  return found != 0;
}

FIRN_LOOP void SubtractLoop(const double* a, const double* b, size_t n, double* out) {
  for (size_t i = 0; i < n; ++i) out[i] = a[i] - b[i];
}

// `yes` if mask is -1, `no` if it is 0. A conditional would keep GCC from using vectors.
FIRN_LOOP double Select(int64_t mask, double yes, double no) {
  return std::bit_cast<double>((std::bit_cast<int64_t>(yes) & mask) |
                               (std::bit_cast<int64_t>(no) & ~mask));
}

FIRN_LOOP void StretchLoop(const double* __restrict gaps, double divisor, size_t n,
                           double* __restrict lead, double* __restrict trail,
                           double* __restrict between, double* __restrict factor) {
  for (size_t i = 0; i < n; ++i) {
    const double sampled = between[i] / 1000;
    const double gap = sampled / gaps[i];
    const double threshold = gap * 1.1;
    double to_start = lead[i] / 1000;
    double to_end = trail[i] / 1000;
    to_start = Select(to_start >= threshold ? -1 : 0, gap / 2, to_start);
    to_end = Select(to_end >= threshold ? -1 : 0, gap / 2, to_end);
    lead[i] = to_start;
    trail[i] = to_end;
    between[i] = sampled;
    factor[i] = (sampled + to_start + to_end) / sampled / divisor;
  }
}

FIRN_LOOP bool ScaleGainsLoop(const double* __restrict gained, const double* __restrict first,
                              const double* __restrict sampled, const double* __restrict to_start,
                              const double* __restrict factor, size_t n, double* __restrict out) {
  int64_t found = 0;
  for (size_t i = 0; i < n; ++i) {
    const double to_zero = sampled[i] * (first[i] / gained[i]);
    const int64_t counts = (gained[i] > 0 ? -1 : 0) & (first[i] >= 0 ? -1 : 0);
    found |= counts & (to_zero < to_start[i] ? -1 : 0);
    out[i] = gained[i] * factor[i];
  }
  return found != 0;
}

FIRN_LOOP void KahanAddLoop(const double* __restrict x, size_t n, double* __restrict sum,
                            double* __restrict c) {
  constexpr double kMax = std::numeric_limits<double>::max();
  for (size_t i = 0; i < n; ++i) {
    const double s = sum[i];
    const double t = s + x[i];
    const int64_t larger = std::fabs(s) >= std::fabs(x[i]) ? -1 : 0;
    const double lost = (Select(larger, s, x[i]) - t) + Select(larger, x[i], s);
    const int64_t infinite = std::fabs(t) > kMax ? -1 : 0;
    c[i] = Select(infinite, 0, c[i] + lost);
    sum[i] = t;
  }
}

#undef FIRN_LOOP

// One table of functions for the instruction set named by `attribute`.
#define FIRN_LOOPS(Name, attribute)                                                           \
  struct Name {                                                                               \
    attribute static bool AnyStale(const double* v, size_t n) { return AnyStaleLoop(v, n); }  \
    attribute static bool AnyDrop(const double* v, size_t n) { return AnyDropLoop(v, n); }    \
    attribute static void Subtract(const double* a, const double* b, size_t n, double* out) { \
      SubtractLoop(a, b, n, out);                                                             \
    }                                                                                         \
    attribute static bool ScaleGains(const double* gained, const double* first,               \
                                     const double* sampled, const double* to_start,           \
                                     const double* factor, size_t n, double* out) {           \
      return ScaleGainsLoop(gained, first, sampled, to_start, factor, n, out);                \
    }                                                                                         \
    attribute static void Stretch(const double* gaps, double divisor, size_t n, double* lead, \
                                  double* trail, double* between, double* factor) {           \
      StretchLoop(gaps, divisor, n, lead, trail, between, factor);                            \
    }                                                                                         \
    attribute static void KahanAdd(const double* x, size_t n, double* sum, double* c) {       \
      KahanAddLoop(x, n, sum, c);                                                             \
    }                                                                                         \
    static VectorLoops Table() {                                                              \
      return {AnyStale, AnyDrop, Subtract, ScaleGains, Stretch, KahanAdd};                    \
    }                                                                                         \
  }

FIRN_LOOPS(Baseline, );
FIRN_LOOPS(Avx2, __attribute__((target("avx2"))));

#undef FIRN_LOOPS

}  // namespace

const VectorLoops& BaselineLoops() {
  static const VectorLoops table = Baseline::Table();
  return table;
}

const VectorLoops& BestLoops() {
  static const VectorLoops table =
      __builtin_cpu_supports("avx2") ? Avx2::Table() : Baseline::Table();
  return table;
}

}  // namespace firn::query
