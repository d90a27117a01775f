#include "query/exec/arithmetic.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/core.h>

#include "base/check.h"
#include "query/functions/histogram/histogram_buckets.h"
#include "query/functions/histogram/histogram_ops.h"

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

double GoMax(double a, double b) {
  constexpr double kInf = std::numeric_limits<double>::infinity();
  if (a == kInf || b == kInf) return kInf;
  if (std::isnan(a)) return a;
  if (std::isnan(b)) return b;
  if (a == 0 && b == 0) return std::signbit(a) ? b : a;
  return std::max(a, b);
}

double GoMin(double a, double b) {
  constexpr double kInf = std::numeric_limits<double>::infinity();
  if (a == -kInf || b == -kInf) return -kInf;
  if (std::isnan(a)) return a;
  if (std::isnan(b)) return b;
  if (a == 0 && b == 0) return std::signbit(a) ? a : b;
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

// Two histograms; `out` gets the sum or difference.
Verdict CombineHistograms(BinaryOp op, const Operand& a, const Operand& b, NoteSink* notes,
                          Operand* out) {
  const bool equal = op == BinaryOp::kEqual;
  if (equal || op == BinaryOp::kNotEqual) {
    out->h = a.h;
    return EqualHistograms(*a.h, *b.h) == equal ? Verdict::kKeep : Verdict::kDrop;
  }
  const bool add = op == BinaryOp::kAdd;
  if (!add && op != BinaryOp::kSub) return Incompatible(op, a, b, notes);
  auto sum = std::make_shared<FloatHistogram>(*a.h);
  const HistogramAddOutcome outcome =
      add ? AddHistogram(*b.h, sum.get()) : SubtractHistogram(*b.h, sum.get());
  const std::string_view what = add ? "addition" : "subtraction";
  if (outcome.incompatible) {
    notes->Warn(fmt::format("incompatible bucket layout encountered for binary operator {}",
                            BinaryOpName(op)));
    return Verdict::kInvalid;
  }
  if (outcome.reset_collision) {
    notes->Warn(fmt::format("conflicting counter resets during histogram {}", what));
    return Verdict::kInvalid;
  }
  if (outcome.bounds_reconciled) {
    notes->Info(fmt::format("mismatched custom buckets were reconciled during {}", what));
  }
  Compact(sum.get());
  out->h = std::move(sum);
  return Verdict::kKeep;
}

// A histogram and a float, in the order of the operands.
Verdict CombineMixed(BinaryOp op, const Operand& a, const Operand& b, NoteSink* notes,
                     Operand* out) {
  const bool histogram_left = a.h != nullptr;
  auto h = std::make_shared<FloatHistogram>(histogram_left ? *a.h : *b.h);
  const double v = histogram_left ? b.v : a.v;
  if (op == BinaryOp::kMul) {
    MultiplyHistogram(v, h.get());
  } else if (op == BinaryOp::kDiv && histogram_left) {
    DivideHistogram(v, h.get());
  } else if (op == BinaryOp::kTrimUpper && histogram_left) {
    TrimUpper(v, h.get());
  } else if (op == BinaryOp::kTrimLower && histogram_left) {
    TrimLower(v, h.get());
  } else {
    return Incompatible(op, a, b, notes);
  }
  if (op == BinaryOp::kMul || op == BinaryOp::kDiv) Compact(h.get());
  out->h = std::move(h);
  return Verdict::kKeep;
}

}  // namespace

Verdict CombineSamples(BinaryOp op, const Operand& a, const Operand& b, NoteSink* notes,
                       Operand* out) {
  if (a.h && b.h) return CombineHistograms(op, a, b, notes, out);
  if (a.h || b.h) return CombineMixed(op, a, b, notes, out);
  if (op == BinaryOp::kTrimUpper || op == BinaryOp::kTrimLower) {
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
