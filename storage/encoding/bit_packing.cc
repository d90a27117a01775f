#include "storage/encoding/bit_packing.h"

#include <array>
#include <bit>
#include <cstring>
#include <utility>

namespace firn::storage {

void Pack(std::span<const uint64_t> values, int width, std::string* out) {
  if (width == 0) return;
  const uint64_t mask = ~uint64_t{0} >> (64 - width);
  const size_t start = out->size();
  const size_t bytes = PackedBytes(values.size(), width);
  out->resize(start + bytes + 2 * sizeof(uint64_t));
  char* p = out->data() + start;
  uint64_t word = 0;
  int used = 0;
  for (const uint64_t value : values) {
    const uint64_t low = value & mask;
    word |= low << used;
    used += width;
    if (used >= 64) {
      std::memcpy(p, &word, sizeof(word));
      p += sizeof(word);
      used -= 64;
      word = used == 0 ? 0 : low >> (width - used);
    }
  }
  std::memcpy(p, &word, sizeof(word));
  out->resize(start + bytes);
}

namespace {

uint64_t Load64(const char* p) {
  uint64_t word;
  std::memcpy(&word, p, sizeof(word));
  return word;
}

// Eight values are kWidth bytes: offsets and shifts are constants of each unrolled step.
template <int kWidth, int kIndex>
inline uint64_t One(const char* in) {
  constexpr int kBit = kWidth * kIndex;
  constexpr int kShift = kBit % 8;
  uint64_t value = Load64(in + kBit / 8) >> kShift;
  if constexpr (kShift + kWidth > 64) {
    value |= static_cast<uint64_t>(static_cast<unsigned char>(in[kBit / 8 + 8])) << (64 - kShift);
  }
  if constexpr (kWidth < 64) value &= (uint64_t{1} << kWidth) - 1;
  return value;
}

template <int kWidth>
void UnpackWidth(const char* in, size_t n, uint64_t* out) {
  for (size_t i = 0; i < n; i += 8) {
    out[i] = One<kWidth, 0>(in);
    out[i + 1] = One<kWidth, 1>(in);
    out[i + 2] = One<kWidth, 2>(in);
    out[i + 3] = One<kWidth, 3>(in);
    out[i + 4] = One<kWidth, 4>(in);
    out[i + 5] = One<kWidth, 5>(in);
    out[i + 6] = One<kWidth, 6>(in);
    out[i + 7] = One<kWidth, 7>(in);
    in += kWidth;
  }
}

void UnpackZeros(const char*, size_t n, uint64_t* out) { std::memset(out, 0, n * sizeof(*out)); }

using WidthFunction = void (*)(const char*, size_t, uint64_t*);

template <int... kWidths>
constexpr std::array<WidthFunction, 65> MakeTable(std::integer_sequence<int, kWidths...>) {
  return {UnpackZeros, UnpackWidth<kWidths + 1>...};
}
constexpr auto kByWidth = MakeTable(std::make_integer_sequence<int, 64>());

}  // namespace

void UnpackScalar(const char* in, size_t n, int width, uint64_t* out) {
  kByWidth[static_cast<size_t>(width)](in, n, out);
}

void Unpack(const char* in, size_t n, int width, uint64_t* out) {
  static const UnpackFunction best = [] {
    for (const UnpackFunction found : {UnpackAvx512OrNull(), UnpackAvx2OrNull()}) {
      if (found != nullptr) return found;
    }
    return UnpackScalar;
  }();
  best(in, n, width, out);
}

}  // namespace firn::storage
