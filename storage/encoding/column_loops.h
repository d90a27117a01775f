// Inner loops over columns of integers and what becomes of them, for the instruction set at hand.
// What they yield does not depend on it: integers wrap at 2^64, and every double is computed by
// the same operations.
#pragma once

#include <cstddef>
#include <cstdint>

namespace firn::storage {

// Loops over integers work in groups: they may read up to kUnpackWriteSlack values behind the
// last and write as many. `in` and `out` do not overlap.
struct ColumnLoops {
  // out[i] = base + step * i + scale * in[i]
  void (*line)(const uint64_t* in, size_t n, uint64_t base, uint64_t step, uint64_t scale,
               uint64_t* out);
  // out[0] = base, out[i + 1] = out[i] + step + scale * in[i]: n + 1 values.
  void (*sums)(const uint64_t* in, size_t n, uint64_t base, uint64_t step, uint64_t scale,
               uint64_t* out);
  // The same of zigzag numbers, without a step.
  void (*zigzag_sums)(const uint64_t* in, size_t n, uint64_t base, uint64_t scale, uint64_t* out);
  // out[0] = base, out[i + 1] = out[i] + d[i], where d[0] = step and d[i + 1] = d[i] + scale *
  // in[i], zigzag numbers: n + 2 values.
  void (*zigzag_sums_of_sums)(const uint64_t* in, size_t n, uint64_t base, uint64_t step,
                              uint64_t scale, uint64_t* out);
  // These write n values. out[i] = ToDouble(in[i]) of mapping_rules.h, times or by `number`.
  void (*doubles)(const uint64_t* in, size_t n, double* out);
  void (*products)(const uint64_t* in, size_t n, double number, double* out);
  void (*quotients)(const uint64_t* in, size_t n, double number, double* out);
  // out[i] = value
  void (*fill)(double value, size_t n, double* out);
};

// Null if this processor or build has not got what they need.
const ColumnLoops* Avx2ColumnLoopsOrNull();
const ColumnLoops* Avx512ColumnLoopsOrNull();
// What every machine has, and the best that this one has.
const ColumnLoops& BaselineColumnLoops();
const ColumnLoops& BestColumnLoops();

}  // namespace firn::storage
