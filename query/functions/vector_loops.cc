#include "query/functions/vector_loops.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "base/cpu/cpu_features.h"
#include "base/sample.h"
#include "query/functions/kahan.h"

namespace firn::query {
namespace {

#define FIRN_LOOP [[gnu::always_inline]] inline
#define FIRN_INLINE __attribute__((always_inline))

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

// Numbers of several windows side by side. Registers of the size that the instruction set has:
// the compiler takes longer vectors apart, number by number.
constexpr size_t kLanes = 8;
template <size_t kWidth>
struct Register {
  // GCC leaves the attribute of a `using` out where it depends on a parameter.
  typedef double Doubles __attribute__((vector_size(kWidth * sizeof(double))));
  typedef int64_t Bits __attribute__((vector_size(kWidth * sizeof(double))));
  static_assert(sizeof(Doubles) == kWidth * sizeof(double));
};

template <size_t kWidth>
struct Lanes {
  using Doubles = typename Register<kWidth>::Doubles;
  static constexpr size_t kRegisters = kLanes / kWidth;

  // One by one, since a copy of all would keep them in memory.
  FIRN_LOOP void Load(const double* from) {
    for (size_t i = 0; i < kRegisters; ++i) std::memcpy(&r[i], from + i * kWidth, sizeof r[i]);
  }
  FIRN_LOOP void Store(double* to) const {
    for (size_t i = 0; i < kRegisters; ++i) std::memcpy(to + i * kWidth, &r[i], sizeof r[i]);
  }

  Doubles r[kRegisters] = {};
};

// KahanAdd of kahan.h. Casts between vectors of one size keep the bits.
template <size_t kWidth>
FIRN_LOOP void KahanAddRegister(const typename Register<kWidth>::Doubles& x,
                                typename Register<kWidth>::Doubles* sum,
                                typename Register<kWidth>::Doubles* c) {
  using Doubles = typename Register<kWidth>::Doubles;
  using Bits = typename Register<kWidth>::Bits;
  constexpr int64_t kAbs = INT64_MAX;
  constexpr double kMax = std::numeric_limits<double>::max();
  const Doubles t = *sum + x;
  const auto x_bits = (Bits)x;
  const auto sum_bits = (Bits)*sum;
  const Bits larger = (Doubles)(sum_bits & kAbs) >= (Doubles)(x_bits & kAbs);
  const auto high = (Doubles)((sum_bits & larger) | (x_bits & ~larger));
  const auto low = (Doubles)((x_bits & larger) | (sum_bits & ~larger));
  const Doubles lost = *c + ((high - t) + low);
  const Bits infinite = (Doubles)((Bits)t & kAbs) > kMax;
  *c = (Doubles)((Bits)lost & ~infinite);
  *sum = t;
}

template <size_t kWidth>
FIRN_LOOP void SumLanes(const double* v, size_t width, double* sum, double* c) {
  Lanes<kWidth> s;
  Lanes<kWidth> lost;
  Lanes<kWidth> x;
  s.Load(v);
  for (size_t k = 1; k < width; ++k) {
    x.Load(v + k);
    for (size_t i = 0; i < x.kRegisters; ++i) {
      KahanAddRegister<kWidth>(x.r[i], &s.r[i], &lost.r[i]);
    }
  }
  s.Store(sum);
  lost.Store(c);
}

template <size_t kWidth>
FIRN_LOOP void VarianceLanes(const double* v, size_t width, double* out) {
  Lanes<kWidth> mean;
  Lanes<kWidth> mean_c;
  Lanes<kWidth> aux;
  Lanes<kWidth> aux_c;
  Lanes<kWidth> x;
  for (size_t k = 0; k < width; ++k) {
    x.Load(v + k);
    for (size_t i = 0; i < x.kRegisters; ++i) {
      const auto delta = x.r[i] - (mean.r[i] + mean_c.r[i]);
      KahanAddRegister<kWidth>(delta / static_cast<double>(k + 1), &mean.r[i], &mean_c.r[i]);
      KahanAddRegister<kWidth>(delta * (x.r[i] - (mean.r[i] + mean_c.r[i])), &aux.r[i],
                               &aux_c.r[i]);
    }
  }
  for (size_t i = 0; i < aux.kRegisters; ++i) {
    aux.r[i] = (aux.r[i] + aux_c.r[i]) / static_cast<double>(width);
  }
  aux.Store(out);
}

// Calls visit(i) for blocks of kLanes windows that cover all n; the last two may overlap.
// Fewer windows than lanes are left to the caller.
template <typename Visit>
FIRN_LOOP void ForEachBlock(size_t n, const Visit& visit) {
  if (n < kLanes) return;
  for (size_t i = 0; i + kLanes < n; i += kLanes) visit(i);
  visit(n - kLanes);
}

template <size_t kWidth>
FIRN_LOOP void WindowSumsLoop(const double* v, size_t width, size_t n, double* sum, double* c) {
  ForEachBlock(n, [=](size_t i) FIRN_INLINE { SumLanes<kWidth>(v + i, width, sum + i, c + i); });
  for (size_t i = 0; n < kLanes && i < n; ++i) {
    sum[i] = v[i];
    c[i] = 0;
    for (size_t k = 1; k < width; ++k) KahanAdd(v[i + k], &sum[i], &c[i]);
  }
}

template <size_t kWidth>
FIRN_LOOP void WindowVariancesLoop(const double* v, size_t width, size_t n, double* out) {
  ForEachBlock(n, [=](size_t i) FIRN_INLINE { VarianceLanes<kWidth>(v + i, width, out + i); });
  for (size_t i = 0; n < kLanes && i < n; ++i) {
    VarianceAccumulator variance;
    for (size_t k = 0; k < width; ++k) variance.Add(v[i + k]);
    out[i] = variance.Result();
  }
}

#undef FIRN_INLINE
#undef FIRN_LOOP

// One table of functions for the instruction set named by `attribute`, whose registers hold
// `doubles` numbers.
#define FIRN_LOOPS(Name, attribute, doubles)                                                      \
  struct Name {                                                                                   \
    attribute static bool AnyStale(const double* v, size_t n) { return AnyStaleLoop(v, n); }      \
    attribute static bool AnyDrop(const double* v, size_t n) { return AnyDropLoop(v, n); }        \
    attribute static void Subtract(const double* a, const double* b, size_t n, double* out) {     \
      SubtractLoop(a, b, n, out);                                                                 \
    }                                                                                             \
    attribute static bool ScaleGains(const double* gained, const double* first,                   \
                                     const double* sampled, const double* to_start,               \
                                     const double* factor, size_t n, double* out) {               \
      return ScaleGainsLoop(gained, first, sampled, to_start, factor, n, out);                    \
    }                                                                                             \
    attribute static void Stretch(const double* gaps, double divisor, size_t n, double* lead,     \
                                  double* trail, double* between, double* factor) {               \
      StretchLoop(gaps, divisor, n, lead, trail, between, factor);                                \
    }                                                                                             \
    attribute static void KahanAdd(const double* x, size_t n, double* sum, double* c) {           \
      KahanAddLoop(x, n, sum, c);                                                                 \
    }                                                                                             \
    attribute static void WindowSums(const double* v, size_t width, size_t n, double* sum,        \
                                     double* c) {                                                 \
      WindowSumsLoop<doubles>(v, width, n, sum, c);                                               \
    }                                                                                             \
    attribute static void WindowVariances(const double* v, size_t width, size_t n, double* out) { \
      WindowVariancesLoop<doubles>(v, width, n, out);                                             \
    }                                                                                             \
    static VectorLoops Table() {                                                                  \
      return {AnyStale, AnyDrop,  Subtract,   ScaleGains,                                         \
              Stretch,  KahanAdd, WindowSums, WindowVariances};                                   \
    }                                                                                             \
  }

FIRN_LOOPS(Baseline, , 2);
FIRN_LOOPS(Avx2, __attribute__((target("avx2"))), 4);

#undef FIRN_LOOPS

}  // namespace

const VectorLoops& BaselineLoops() {
  static const VectorLoops table = Baseline::Table();
  return table;
}

const VectorLoops& BestLoops() {
  static const VectorLoops table = CpuHasAvx2() ? Avx2::Table() : Baseline::Table();
  return table;
}

}  // namespace firn::query
