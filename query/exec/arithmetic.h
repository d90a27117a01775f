// Binary operators on two samples.
#pragma once

#include <string>

#include "base/histogram.h"
#include "query/functions/range_function.h"
#include "query/functions/row.h"
#include "query/parser/ast.h"

namespace firn::query {

// Arithmetic and atan2 as Go computes them. REQUIRES: no comparison, set or trim operator.
double CombineFloats(BinaryOp op, double a, double b);
// REQUIRES: IsComparison(op).
bool CompareFloats(BinaryOp op, double a, double b);
// Go's math.Max and math.Min: the infinity that wins against all numbers wins against NaN too,
// then NaN wins; +0 is above -0.
double GoMax(double a, double b);
double GoMin(double a, double b);

// A sample: a histogram if `h` is set.
struct Operand {
  double v = 0;
  HistogramPtr h;

  static Operand At(const Row& row, size_t step) {
    return row.kind[step] == PointKind::kHistogram ? Operand{0, row.h[step]}
                                                   : Operand{row.v[step], nullptr};
  }
};

enum class Verdict : uint8_t {
  kKeep,     // `out` holds the value: of arithmetic, or of the left side if a filter let it.
  kDrop,     // A comparison that does not hold.
  kInvalid,  // No such operation on these types or layouts; noted.
};

// What a binary operator makes of two samples, at least one of them from a vector.
// Annotations go to `notes`. A comparison yields a's value.
Verdict CombineSamples(BinaryOp op, const Operand& a, const Operand& b, NoteSink* notes,
                       Operand* out);

}  // namespace firn::query
