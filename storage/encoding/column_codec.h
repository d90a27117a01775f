// The column codec: the values or the times of one series as a few bytes. It maps doubles
// to integers where that is exact (integers, decimals, multiples), then codes the integer
// column by the cheapest of several modes over patched bit packing. Bit-exact for every
// double. Pure functions of bytes. Layout: docs/format/page.md.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "base/status.h"
#include "base/time.h"

namespace firn::storage {

// Longer columns are coded as a sequence of blocks of this many values.
inline constexpr size_t kColumnBlockMax = 1024;

// What a block's header says without decoding it.
struct FloatBlockInfo {
  bool constant = false;  // All values have the same bits.
  bool monotone = false;  // No value is below the one before it, and none is NaN.
  bool has_ends = false;  // Of constant blocks always, of others if the header says.
  double first = 0;       // Only with has_ends.
  double last = 0;
};

// Appends the coded column. The length is not stored: the reader must know it.
void EncodeFloats(std::span<const double> values, std::string* out);
// Decodes `n` values from the front of `in` and advances it. Corruption if the bytes are
// malformed; `out` is then unspecified. Never reads outside `in`.
Status DecodeFloats(std::string_view* in, size_t n, double* out);
// The header of a column of `n` values. Nothing is claimed about columns longer than one
// block.
Status PeekFloats(std::string_view in, size_t n, FloatBlockInfo* info);

// The same for integer columns: times, offsets, symbol numbers. Any values, any order.
void EncodeInts(std::span<const int64_t> values, std::string* out);
Status DecodeInts(std::string_view* in, size_t n, int64_t* out);

inline void EncodeTimes(std::span<const TimestampMs> times, std::string* out) {
  EncodeInts(times, out);
}
inline Status DecodeTimes(std::string_view* in, size_t n, TimestampMs* out) {
  return DecodeInts(in, n, out);
}

}  // namespace firn::storage
