// Unpacking with AVX-512: the eight values of a group from one load, a byte permutation that
// brings each value's bytes into its lane, and one shift per lane.
#include "base/cpu/cpu_features.h"
#include "storage/encoding/bit_packing.h"

#if defined(__x86_64__)
#include <immintrin.h>

#include <array>
#include <utility>
#endif

namespace firn::storage {

#if defined(__x86_64__)
namespace {

// Eight bytes fit a value that starts inside a byte only up to this width; a group is then
// less than the 64 bytes of a load.
constexpr int kPermuteWidthMax = 57;

template <int kWidth>
__attribute__((target("avx512f,avx512bw,avx512vbmi"))) void UnpackWidth(const char* in, size_t n,
                                                                        uint64_t* out) {
  static constexpr auto kBytes = [] {
    std::array<char, 64> bytes{};
    for (int i = 0; i < 64; ++i) {
      bytes[static_cast<size_t>(i)] = static_cast<char>(kWidth * (i / 8) / 8 + i % 8);
    }
    return bytes;
  }();
  static constexpr auto kShifts = [] {
    std::array<uint64_t, 8> shifts{};
    for (int i = 0; i < 8; ++i) {
      shifts[static_cast<size_t>(i)] = static_cast<uint64_t>(kWidth * i % 8);
    }
    return shifts;
  }();
  const __m512i bytes = _mm512_loadu_si512(kBytes.data());
  const __m512i shifts = _mm512_loadu_si512(kShifts.data());
  const __m512i mask = _mm512_set1_epi64((int64_t{1} << kWidth) - 1);
  for (size_t i = 0; i < n; i += 8) {
    // All lanes: the forms without a mask begin with an undefined value, of which GCC 12 warns.
    const __m512i group =
        _mm512_maskz_permutexvar_epi8(~uint64_t{0}, bytes, _mm512_loadu_si512(in));
    const __m512i values = _mm512_and_si512(_mm512_maskz_srlv_epi64(0xff, group, shifts), mask);
    _mm512_storeu_si512(out + i, values);
    in += kWidth;
  }
}

using WidthFunction = void (*)(const char*, size_t, uint64_t*);

template <int... kWidths>
constexpr std::array<WidthFunction, kPermuteWidthMax> MakeTable(
    std::integer_sequence<int, kWidths...>) {
  return {UnpackWidth<kWidths + 1>...};
}
constexpr auto kByWidth = MakeTable(std::make_integer_sequence<int, kPermuteWidthMax>());

void UnpackAvx512(const char* in, size_t n, int width, uint64_t* out) {
  if (width == 0 || width > kPermuteWidthMax) return UnpackScalar(in, n, width, out);
  kByWidth[static_cast<size_t>(width - 1)](in, n, out);
}

}  // namespace

UnpackFunction UnpackAvx512OrNull() {
  return CpuHasAvx512() && __builtin_cpu_supports("avx512vbmi") ? UnpackAvx512 : nullptr;
}
#else
UnpackFunction UnpackAvx512OrNull() { return nullptr; }
#endif

}  // namespace firn::storage
