#include "storage/encoding/column_loops.h"

#include <cstring>
#include <utility>

#include "base/cpu/cpu_features.h"
#include "storage/encoding/mapping_rules.h"

namespace firn::storage {
namespace {

#define FIRN_LOOP [[gnu::always_inline]] inline

template <size_t kWidth>
struct Register {
  // GCC leaves the attribute of a `using` out where it depends on a parameter.
  typedef uint64_t Ints __attribute__((vector_size(kWidth * sizeof(uint64_t))));
};
template <size_t kWidth>
using Ints = typename Register<kWidth>::Ints;

template <size_t kWidth>
FIRN_LOOP void Load(const uint64_t* from, Ints<kWidth>* x) {
  std::memcpy(x, from, sizeof *x);
}
template <size_t kWidth>
FIRN_LOOP void Store(const Ints<kWidth>& x, uint64_t* to) {
  std::memcpy(to, &x, sizeof x);
}

// x[i] = value * (i + first)
template <size_t kWidth>
FIRN_LOOP void Ramp(uint64_t value, uint64_t first, Ints<kWidth>* x) {
  for (size_t i = 0; i < kWidth; ++i) (*x)[i] = value * (i + first);
}

// Adds to each number the one `kBy` places before it.
template <size_t kWidth, size_t kBy, size_t... kPlaces>
FIRN_LOOP void AddShifted(std::index_sequence<kPlaces...>, Ints<kWidth>* x) {
  const Ints<kWidth> zero = {};
  *x += __builtin_shufflevector(zero, *x, (kPlaces < kBy ? 0 : kWidth + kPlaces - kBy)...);
}

// x[i] = x[0] + ... + x[i]
template <size_t kWidth>
FIRN_LOOP void RunningSums(Ints<kWidth>* x) {
  constexpr auto kPlaces = std::make_index_sequence<kWidth>();
  AddShifted<kWidth, 1>(kPlaces, x);
  if constexpr (kWidth > 2) AddShifted<kWidth, 2>(kPlaces, x);
  if constexpr (kWidth > 4) AddShifted<kWidth, 4>(kPlaces, x);
}

template <size_t kWidth, size_t... kPlaces>
FIRN_LOOP void AddLast(std::index_sequence<kPlaces...>, const Ints<kWidth>& x, Ints<kWidth>* to) {
  *to += __builtin_shufflevector(x, x, (kPlaces * 0 + kWidth - 1)...);
}
// Adds the last number of x to each one.
template <size_t kWidth>
FIRN_LOOP void AddLast(const Ints<kWidth>& x, Ints<kWidth>* to) {
  AddLast<kWidth>(std::make_index_sequence<kWidth>(), x, to);
}

template <size_t kWidth>
FIRN_LOOP void UnZigZagAll(Ints<kWidth>* x) {
  *x = (*x >> 1) ^ (0 - (*x & 1));
}

// There is no multiplication of 64 bits before AVX-512, and most columns do not need it.
template <size_t kWidth, bool kScaled>
FIRN_LOOP void LineLoop(const uint64_t* in, size_t n, uint64_t base, uint64_t step, uint64_t scale,
                        uint64_t* out) {
  Ints<kWidth> at;
  Ramp<kWidth>(step, 0, &at);
  at += base;
  for (size_t i = 0; i < n; i += kWidth) {
    Ints<kWidth> x;
    Load<kWidth>(in + i, &x);
    if constexpr (kScaled) x *= scale;
    Store<kWidth>(at + x, out + i);
    at += step * kWidth;
  }
}

template <size_t kWidth, bool kZigZag, bool kScaled>
FIRN_LOOP void SumsLoop(const uint64_t* in, size_t n, uint64_t base, uint64_t step, uint64_t scale,
                        uint64_t* out) {
  out[0] = base;
  Ints<kWidth> sum;
  Ramp<kWidth>(step, 1, &sum);
  sum += base;
  for (size_t i = 0; i < n; i += kWidth) {
    Ints<kWidth> x;
    Load<kWidth>(in + i, &x);
    if constexpr (kZigZag) UnZigZagAll<kWidth>(&x);
    if constexpr (kScaled) x *= scale;
    RunningSums<kWidth>(&x);
    Store<kWidth>(sum + x, out + 1 + i);
    AddLast<kWidth>(x, &sum);
    if constexpr (!kZigZag) sum += step * kWidth;
  }
}

template <size_t kWidth, bool kScaled>
FIRN_LOOP void SumsOfSumsLoop(const uint64_t* in, size_t n, uint64_t base, uint64_t step,
                              uint64_t scale, uint64_t* out) {
  out[0] = base;
  out[1] = base + step;
  Ints<kWidth> steps = {};
  Ints<kWidth> sum = {};
  steps += step;
  sum += base + step;
  for (size_t i = 0; i < n; i += kWidth) {
    Ints<kWidth> x;
    Load<kWidth>(in + i, &x);
    UnZigZagAll<kWidth>(&x);
    if constexpr (kScaled) x *= scale;
    RunningSums<kWidth>(&x);
    Ints<kWidth> y = steps + x;
    AddLast<kWidth>(x, &steps);
    RunningSums<kWidth>(&y);
    Store<kWidth>(sum + y, out + 2 + i);
    AddLast<kWidth>(y, &sum);
  }
}

FIRN_LOOP void DoublesLoop(const uint64_t* __restrict in, size_t n, double* __restrict out) {
  for (size_t i = 0; i < n; ++i) out[i] = ToDouble(in[i]);
}

FIRN_LOOP void ProductsLoop(const uint64_t* __restrict in, size_t n, double number,
                            double* __restrict out) {
  for (size_t i = 0; i < n; ++i) out[i] = ToDouble(in[i]) * number;
}

FIRN_LOOP void QuotientsLoop(const uint64_t* __restrict in, size_t n, double number,
                             double* __restrict out) {
  for (size_t i = 0; i < n; ++i) out[i] = ToDouble(in[i]) / number;
}

FIRN_LOOP void FillLoop(double value, size_t n, double* out) {
  for (size_t i = 0; i < n; ++i) out[i] = value;
}

#undef FIRN_LOOP

// One table of functions for the instruction set named by `attribute`, whose registers hold
// `width` numbers.
#define FIRN_LOOPS(Name, attribute, width)                                                        \
  struct Name {                                                                                   \
    attribute static void Line(const uint64_t* in, size_t n, uint64_t base, uint64_t step,        \
                               uint64_t scale, uint64_t* out) {                                   \
      if (scale == 1) return LineLoop<width, false>(in, n, base, step, scale, out);               \
      LineLoop<width, true>(in, n, base, step, scale, out);                                       \
    }                                                                                             \
    attribute static void Sums(const uint64_t* in, size_t n, uint64_t base, uint64_t step,        \
                               uint64_t scale, uint64_t* out) {                                   \
      if (scale == 1) return SumsLoop<width, false, false>(in, n, base, step, scale, out);        \
      SumsLoop<width, false, true>(in, n, base, step, scale, out);                                \
    }                                                                                             \
    attribute static void ZigZagSums(const uint64_t* in, size_t n, uint64_t base, uint64_t scale, \
                                     uint64_t* out) {                                             \
      if (scale == 1) return SumsLoop<width, true, false>(in, n, base, 0, scale, out);            \
      SumsLoop<width, true, true>(in, n, base, 0, scale, out);                                    \
    }                                                                                             \
    attribute static void ZigZagSumsOfSums(const uint64_t* in, size_t n, uint64_t base,           \
                                           uint64_t step, uint64_t scale, uint64_t* out) {        \
      if (scale == 1) return SumsOfSumsLoop<width, false>(in, n, base, step, scale, out);         \
      SumsOfSumsLoop<width, true>(in, n, base, step, scale, out);                                 \
    }                                                                                             \
    attribute static void Doubles(const uint64_t* in, size_t n, double* out) {                    \
      DoublesLoop(in, n, out);                                                                    \
    }                                                                                             \
    attribute static void Products(const uint64_t* in, size_t n, double number, double* out) {    \
      ProductsLoop(in, n, number, out);                                                           \
    }                                                                                             \
    attribute static void Quotients(const uint64_t* in, size_t n, double number, double* out) {   \
      QuotientsLoop(in, n, number, out);                                                          \
    }                                                                                             \
    attribute static void Fill(double value, size_t n, double* out) { FillLoop(value, n, out); }  \
    static constexpr ColumnLoops kTable = {Line,    Sums,     ZigZagSums, ZigZagSumsOfSums,       \
                                           Doubles, Products, Quotients,  Fill};                  \
  }

FIRN_LOOPS(Baseline, , 2);
#if defined(__x86_64__)
FIRN_LOOPS(Avx2, __attribute__((target("avx2"))), 4);
FIRN_LOOPS(Avx512, __attribute__((target("avx512f,avx512dq,avx512bw,avx512vl"))), 8);
#endif

#undef FIRN_LOOPS

}  // namespace

const ColumnLoops& BaselineColumnLoops() { return Baseline::kTable; }

#if defined(__x86_64__)
const ColumnLoops* Avx2ColumnLoopsOrNull() { return CpuHasAvx2() ? &Avx2::kTable : nullptr; }
const ColumnLoops* Avx512ColumnLoopsOrNull() { return CpuHasAvx512() ? &Avx512::kTable : nullptr; }
#else
const ColumnLoops* Avx2ColumnLoopsOrNull() { return nullptr; }
const ColumnLoops* Avx512ColumnLoopsOrNull() { return nullptr; }
#endif

const ColumnLoops& BestColumnLoops() {
  static const ColumnLoops& best = [&]() -> const ColumnLoops& {
    for (const ColumnLoops* found : {Avx512ColumnLoopsOrNull(), Avx2ColumnLoopsOrNull()}) {
      if (found != nullptr) return *found;
    }
    return BaselineColumnLoops();
  }();
  return best;
}

}  // namespace firn::storage
