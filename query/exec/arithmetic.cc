#include "query/exec/arithmetic.h"

#include <algorithm>
#include <cmath>

#include <fmt/core.h>

#include "base/check.h"

namespace firn::query {

double CombineFloats(BinaryOp op, double a, double b) {
  switch (op) {
    case BinaryOp::kAdd:
      return a + b;
    case BinaryOp::kSub:
      return a - b;
    case BinaryOp::kMul:
      return a * b;
    case BinaryOp::kDiv:
      return a / b;
    case BinaryOp::kMod:
      return std::fmod(a, b);
    case BinaryOp::kPow:
      return std::pow(a, b);
    default:
      FIRN_DCHECK(op == BinaryOp::kAtan2);
      return std::atan2(a, b);
  }
}

bool CompareFloats(BinaryOp op, double a, double b) {
  switch (op) {
    case BinaryOp::kEqual:
      return a == b;
    case BinaryOp::kNotEqual:
      return a != b;
    case BinaryOp::kLess:
      return a < b;
    case BinaryOp::kLessEqual:
      return a <= b;
    case BinaryOp::kGreater:
      return a > b;
    default:
      FIRN_DCHECK(op == BinaryOp::kGreaterEqual);
      return a >= b;
  }
}

double PropagatingMax(double a, double b) {
  if (std::isnan(a) || std::isnan(b)) return std::isnan(a) ? a : b;
  return std::max(a, b);
}

double PropagatingMin(double a, double b) {
  if (std::isnan(a) || std::isnan(b)) return std::isnan(a) ? a : b;
  return std::min(a, b);
}

namespace {

Verdict Incompatible(BinaryOp op, const Operand& a, const Operand& b, NoteSink* notes) {
  const auto type = [](const Operand& x) { return x.h ? "histogram" : "float"; };
  notes->Info(
      fmt::format("incompatible sample types encountered for binary operator \"{}\": {} {} {}",
                  BinaryOpName(op), type(a), BinaryOpName(op), type(b)));
  return Verdict::kInvalid;
}

}  // namespace

Verdict CombineSamples(BinaryOp op, const Operand& a, const Operand& b, NoteSink* notes,
                       Operand* out) {
  if (a.h || b.h || op == BinaryOp::kTrimUpper || op == BinaryOp::kTrimLower) {
    return Incompatible(op, a, b, notes);
  }
  if (!IsComparison(op)) {
    out->v = CombineFloats(op, a.v, b.v);
    return Verdict::kKeep;
  }
  out->v = a.v;
  return CompareFloats(op, a.v, b.v) ? Verdict::kKeep : Verdict::kDrop;
}

}  // namespace firn::query
