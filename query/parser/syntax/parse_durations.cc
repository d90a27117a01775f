// Durations in brackets and after `offset`: numbers, or arithmetic over them.
#include <cmath>

#include "query/parser/syntax/expression_parser_inl.h"

namespace firn::query {
namespace {

using Op = DurationExpr::Op;

// 64 bits of nanoseconds.
constexpr double kSecondsMax = 0x1p63 / 1e9;

bool IsPlainLiteral(const DurationExpr& e) { return e.op == Op::kLiteral && !e.wrapped; }

// Arithmetic that durations know, or kLiteral for any other operator.
Op DurationOp(const Token& token) {
  if (token.kind != TokenKind::kOperator) return Op::kLiteral;
  switch (token.op) {
    case BinaryOp::kAdd:
      return Op::kAdd;
    case BinaryOp::kSub:
      return Op::kSub;
    case BinaryOp::kMul:
      return Op::kMul;
    case BinaryOp::kDiv:
      return Op::kDiv;
    case BinaryOp::kMod:
      return Op::kMod;
    case BinaryOp::kPow:
      return Op::kPow;
    default:
      return Op::kLiteral;
  }
}

}  // namespace

DurationExprPtr ExpressionParser::UnexpectedDuration() {
  Unexpected(duration_context_, duration_expected_);
  return nullptr;
}

DurationExprPtr ExpressionParser::PositiveDuration() {
  DurationExprPtr duration = DurationChain(0);
  // Below a millisecond nothing is left of it.
  if (duration != nullptr && IsPlainLiteral(*duration) && !(duration->seconds >= 1e-3)) {
    Fail(duration->pos, "duration must be greater than 0");
    return nullptr;
  }
  return error_.ok() ? duration : nullptr;
}

// Without parentheses one operand only: `foo offset 5m - 8` subtracts from foo.
DurationExprPtr ExpressionParser::OffsetDuration() {
  if (At(TokenKind::kLeftParen)) return DurationChain(0);
  if (!AtSign()) return PrimaryDuration();
  const Token sign = token_;
  Advance();
  if (AtSign()) {
    // Upstream's grammar takes a second sign for the start of arithmetic. Parentheses keep it
    // together when it is printed with the signs folded.
    DurationExprPtr chain = ContinueChain(Negated(sign, SignedDuration()), 0);
    if (chain == nullptr || chain->op == Op::kLiteral) return chain;
    DurationExpr wrapped = *chain;
    wrapped.wrapped = true;
    return std::make_shared<const DurationExpr>(std::move(wrapped));
  }
  return Negated(sign, PrimaryDuration());
}

DurationExprPtr ExpressionParser::DurationChain(int precedence_min) {
  const Nesting nesting(this);
  if (!nesting.ok()) return nullptr;
  return ContinueChain(SignedDuration(), precedence_min);
}

DurationExprPtr ExpressionParser::ContinueChain(DurationExprPtr lhs, int precedence_min) {
  int chained = 0;
  while (lhs != nullptr) {
    const Op op = DurationOp(token_);
    if (op == Op::kLiteral || Precedence(token_.op) < precedence_min) break;
    if (++chained > kNestingDepthMax) {
      Fail(token_.pos,
           fmt::format("duration expression is longer than {} operations", kNestingDepthMax));
      return nullptr;
    }
    const Token token = token_;
    const int precedence = Precedence(token.op);
    Advance();
    DurationExprPtr rhs = DurationChain(op == Op::kPow ? precedence : precedence + 1);
    if (rhs == nullptr) return nullptr;
    if ((op == Op::kDiv || op == Op::kMod) && IsPlainLiteral(*rhs) && rhs->seconds == 0) {
      Fail(token.pos, op == Op::kDiv ? "division by zero" : "modulo by zero");
      return nullptr;
    }
    DurationExpr made;
    made.op = op;
    made.pos = {lhs->pos.start, rhs->pos.end};
    made.lhs = std::move(lhs);
    made.rhs = std::move(rhs);
    lhs = std::make_shared<const DurationExpr>(std::move(made));
  }
  return lhs;
}

DurationExprPtr ExpressionParser::SignedDuration() {
  if (!AtSign()) return PrimaryDuration();
  const Token sign = token_;
  Advance();
  return Negated(sign, DurationChain(Precedence(BinaryOp::kPow)));
}

// A plus changes nothing, and a literal takes its sign in.
DurationExprPtr ExpressionParser::Negated(const Token& sign, DurationExprPtr operand) {
  if (operand == nullptr) return nullptr;
  const bool minus = sign.op == BinaryOp::kSub;
  if (!minus && !IsPlainLiteral(*operand)) return operand;
  DurationExpr made;
  if (IsPlainLiteral(*operand)) {
    made = *operand;
    if (minus) made.seconds = -made.seconds;
  } else {
    made.op = Op::kNeg;
    made.lhs = operand;
  }
  made.pos = {sign.pos.start, operand->pos.end};
  return std::make_shared<const DurationExpr>(std::move(made));
}

DurationExprPtr ExpressionParser::PrimaryDuration() {
  switch (token_.kind) {
    case TokenKind::kNumber:
    case TokenKind::kDuration:
      return DurationLiteral();
    case TokenKind::kLeftParen:
      return ParenthesisedDuration();
    case TokenKind::kStep:
    case TokenKind::kRange:
    case TokenKind::kMaxOf:
    case TokenKind::kMinOf:
      return DurationCall();
    default:
      return UnexpectedDuration();
  }
}

DurationExprPtr ExpressionParser::DurationLiteral() {
  DurationExpr literal;
  literal.pos = token_.pos;
  const std::optional<double> seconds = NumberValue(&literal.is_duration);
  if (!seconds) return nullptr;
  if (!(std::fabs(*seconds) <= kSecondsMax)) {
    Fail(literal.pos, "duration out of range");
    return nullptr;
  }
  literal.seconds = *seconds;
  return std::make_shared<const DurationExpr>(std::move(literal));
}

DurationExprPtr ExpressionParser::DurationCall() {
  DurationExpr call;
  const int32_t start = token_.pos.start;
  const bool two_arguments = At(TokenKind::kMaxOf) || At(TokenKind::kMinOf);
  call.op = At(TokenKind::kStep)    ? Op::kStep
            : At(TokenKind::kRange) ? Op::kRange
            : At(TokenKind::kMaxOf) ? Op::kMaxOf
                                    : Op::kMinOf;
  Advance();
  if (!At(TokenKind::kLeftParen)) return UnexpectedDuration();
  Advance();
  if (two_arguments) {
    call.lhs = DurationChain(0);
    if (call.lhs == nullptr) return nullptr;
    if (!At(TokenKind::kComma)) return UnexpectedDuration();
    Advance();
    call.rhs = DurationChain(0);
    if (call.rhs == nullptr) return nullptr;
  }
  if (!At(TokenKind::kRightParen)) return UnexpectedDuration();
  Advance();
  call.pos = {start, last_end_};
  return std::make_shared<const DurationExpr>(std::move(call));
}

DurationExprPtr ExpressionParser::ParenthesisedDuration() {
  const int32_t start = token_.pos.start;
  Advance();
  const DurationExprPtr inner = DurationChain(0);
  if (inner == nullptr) return nullptr;
  if (!At(TokenKind::kRightParen)) return UnexpectedDuration();
  Advance();
  DurationExpr wrapped = *inner;
  wrapped.wrapped = true;
  wrapped.pos = {start, last_end_};
  return std::make_shared<const DurationExpr>(std::move(wrapped));
}

}  // namespace firn::query
