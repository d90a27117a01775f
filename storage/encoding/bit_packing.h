// Plain bit packing: values of `width` bits one after the other, little-endian, lowest bit
// first, so that 8 values are `width` bytes. Vector code is chosen at run time and agrees
// with the scalar code bit for bit.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace firn::storage {

// What an unpacker may read behind the packed bytes and write behind the last value.
inline constexpr size_t kUnpackReadSlack = 80;  // A whole group of eight values, and a load.
inline constexpr size_t kUnpackWriteSlack = 8;  // Values.

constexpr size_t PackedBytes(size_t n, int width) {
  return (n * static_cast<size_t>(width) + 7) / 8;
}

// Appends PackedBytes(values.size(), width) bytes; bits above `width` are cut off.
void Pack(std::span<const uint64_t> values, int width, std::string* out);

// REQUIRES: 0 <= width <= 64; slack as above on both sides.
using UnpackFunction = void (*)(const char* in, size_t n, int width, uint64_t* out);
void UnpackScalar(const char* in, size_t n, int width, uint64_t* out);
// Null if this processor or build has no AVX2, or no AVX-512 with VBMI.
UnpackFunction UnpackAvx2OrNull();
UnpackFunction UnpackAvx512OrNull();

// The fastest of them.
void Unpack(const char* in, size_t n, int width, uint64_t* out);

}  // namespace firn::storage
