#include "query/plan/duration_value.h"

#include <algorithm>
#include <cmath>

namespace firn::query {
namespace {

Status Fault(const DurationExpr& expr, const char* text) {
  return InvalidArgument("{}:{}: {}", expr.pos.start, expr.pos.end, text);
}

Result<double> Seconds(const DurationExpr& expr, const DurationScope& scope);

Result<double> Combine(const DurationExpr& expr, const DurationScope& scope) {
  using Op = DurationExpr::Op;
  FIRN_ASSIGN_OR_RETURN(const double a, Seconds(*expr.lhs, scope));
  FIRN_ASSIGN_OR_RETURN(const double b, Seconds(*expr.rhs, scope));
  switch (expr.op) {
    case Op::kAdd:
      return a + b;
    case Op::kSub:
      return a - b;
    case Op::kMul:
      return a * b;
    case Op::kDiv:
      if (b == 0) return Fault(expr, "division by zero");
      return a / b;
    case Op::kMod:
      if (b == 0) return Fault(expr, "modulo by zero");
      return std::fmod(a, b);
    case Op::kPow:
      return std::pow(a, b);
    case Op::kMinOf:
      return std::min(a, b);
    default:
      return std::max(a, b);
  }
}

Result<double> Seconds(const DurationExpr& expr, const DurationScope& scope) {
  using Op = DurationExpr::Op;
  switch (expr.op) {
    case Op::kLiteral:
      return expr.seconds;
    case Op::kStep:
      return static_cast<double>(scope.step) / 1000;
    case Op::kRange:
      return static_cast<double>(scope.range) / 1000;
    case Op::kPos:
      return Seconds(*expr.lhs, scope);
    case Op::kNeg: {
      FIRN_ASSIGN_OR_RETURN(const double value, Seconds(*expr.lhs, scope));
      return -value;
    }
    default:
      return Combine(expr, scope);
  }
}

}  // namespace

Result<DurationMs> EvaluateDuration(const DurationExpr& expr, const DurationScope& scope,
                                    DurationSign sign) {
  FIRN_ASSIGN_OR_RETURN(const double seconds, Seconds(expr, scope));
  if (!std::isfinite(seconds)) return Fault(expr, "duration is NaN or infinite");
  if (sign == DurationSign::kPositive && seconds <= 0) {
    return Fault(expr, "duration must be greater than 0");
  }
  constexpr double kSecondsMax = 0x1p63 / 1e9;  // Upstream counts nanoseconds in 64 bits.
  if (std::abs(seconds) > kSecondsMax) return Fault(expr, "duration is out of range");
  return static_cast<DurationMs>(seconds * 1000);
}

}  // namespace firn::query
