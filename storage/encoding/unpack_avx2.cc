// Unpacking with AVX2: four values from two 16-byte loads, a byte shuffle that brings each
// value's bytes into its lane, and one shift per lane.
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

// Eight bytes fit a value that starts inside a byte only up to this width.
constexpr int kShuffleWidthMax = 57;

// Where the pair of values that begins with value `index` of a group of eight lies: the
// 16-byte load begins at its first byte.
constexpr int PairByte(int width, int index) { return width * index / 8; }
// How far value `index` begins behind that, in bytes.
constexpr int ByteInPair(int width, int index) {
  return width * index / 8 - PairByte(width, index & ~1);
}

template <int kWidth, int kFirst>
__attribute__((target("avx2"), always_inline)) inline __m256i Four(const char* in) {
  constexpr auto kShuffle = [] {
    std::array<char, 32> bytes{};
    for (int i = 0; i < 32; ++i) {
      bytes[static_cast<size_t>(i)] = static_cast<char>(ByteInPair(kWidth, kFirst + i / 8) + i % 8);
    }
    return bytes;
  }();
  const __m128i low =
      _mm_loadu_si128(reinterpret_cast<const __m128i*>(in + PairByte(kWidth, kFirst)));
  const __m128i high =
      _mm_loadu_si128(reinterpret_cast<const __m128i*>(in + PairByte(kWidth, kFirst + 2)));
  const __m256i both = _mm256_inserti128_si256(_mm256_castsi128_si256(low), high, 1);
  const __m256i order = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(kShuffle.data()));
  const __m256i shift = _mm256_setr_epi64x(kWidth * kFirst % 8, kWidth * (kFirst + 1) % 8,
                                           kWidth * (kFirst + 2) % 8, kWidth * (kFirst + 3) % 8);
  const __m256i mask = _mm256_set1_epi64x((int64_t{1} << kWidth) - 1);
  return _mm256_and_si256(_mm256_srlv_epi64(_mm256_shuffle_epi8(both, order), shift), mask);
}

template <int kWidth>
__attribute__((target("avx2"))) void UnpackWidth(const char* in, size_t n, uint64_t* out) {
  for (size_t i = 0; i < n; i += 8) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(out + i), Four<kWidth, 0>(in));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(out + i + 4), Four<kWidth, 4>(in));
    in += kWidth;
  }
}

using WidthFunction = void (*)(const char*, size_t, uint64_t*);

template <int... kWidths>
constexpr std::array<WidthFunction, kShuffleWidthMax> MakeTable(
    std::integer_sequence<int, kWidths...>) {
  return {UnpackWidth<kWidths + 1>...};
}
constexpr auto kByWidth = MakeTable(std::make_integer_sequence<int, kShuffleWidthMax>());

void UnpackAvx2(const char* in, size_t n, int width, uint64_t* out) {
  if (width == 0 || width > kShuffleWidthMax) return UnpackScalar(in, n, width, out);
  kByWidth[static_cast<size_t>(width - 1)](in, n, out);
}

}  // namespace

UnpackFunction UnpackAvx2OrNull() { return CpuHasAvx2() ? UnpackAvx2 : nullptr; }
#else
UnpackFunction UnpackAvx2OrNull() { return nullptr; }
#endif

}  // namespace firn::storage
