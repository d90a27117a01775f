// Limits and precedences shared by the parts of the expression parser.
#pragma once

#include <algorithm>
#include <initializer_list>

#include <fmt/core.h>

#include "query/parser/syntax/expression_parser.h"

namespace firn::query {

// Everyone who walks a tree recurses; this many levels fit every thread's stack.
inline constexpr int kTreeHeightMax = 1000;

// From weak to strong; all but ^ are left-associative.
constexpr int Precedence(BinaryOp op) {
  switch (op) {
    case BinaryOp::kOr:
      return 1;
    case BinaryOp::kAnd:
    case BinaryOp::kUnless:
      return 2;
    case BinaryOp::kAdd:
    case BinaryOp::kSub:
      return 4;
    case BinaryOp::kMul:
    case BinaryOp::kDiv:
    case BinaryOp::kMod:
    case BinaryOp::kAtan2:
      return 5;
    case BinaryOp::kPow:
      return 6;
    default:
      return 3;
  }
}

// Keywords that also name metrics, and plain names.
inline bool CanBeMetricName(const Token& token) {
  switch (token.kind) {
    case TokenKind::kIdentifier:
    case TokenKind::kMetricIdentifier:
    case TokenKind::kAggregator:
    case TokenKind::kOffset:
    case TokenKind::kAnchored:
    case TokenKind::kSmoothed:
    case TokenKind::kBy:
    case TokenKind::kWithout:
    case TokenKind::kFill:
    case TokenKind::kFillLeft:
    case TokenKind::kFillRight:
    case TokenKind::kStart:
    case TokenKind::kEnd:
    case TokenKind::kStep:
    case TokenKind::kRange:
    case TokenKind::kMaxOf:
    case TokenKind::kMinOf:
      return true;
    case TokenKind::kOperator:
      return IsSetOperator(token.op);
    default:
      return false;
  }
}

inline bool StartsExpression(const Token& token) {
  switch (token.kind) {
    case TokenKind::kNumber:
    case TokenKind::kDuration:
    case TokenKind::kString:
    case TokenKind::kLeftParen:
    case TokenKind::kLeftBrace:
      return true;
    case TokenKind::kOperator:
      return token.op == BinaryOp::kAdd || token.op == BinaryOp::kSub || CanBeMetricName(token);
    default:
      return CanBeMetricName(token);
  }
}

// One level of the parser's own recursion while it lives.
class ExpressionParser::Nesting {
 public:
  explicit Nesting(ExpressionParser* parser) : parser_(parser) {
    if (++parser_->nesting_ > kNestingDepthMax) {
      parser_->Fail(parser_->token_.pos,
                    fmt::format("expression nests deeper than {} levels", kNestingDepthMax));
    }
  }
  ~Nesting() { --parser_->nesting_; }
  Nesting(const Nesting&) = delete;
  Nesting& operator=(const Nesting&) = delete;
  bool ok() const { return parser_->error_.ok(); }

 private:
  ExpressionParser* parser_;
};

template <typename T>
ExpressionParser::Node ExpressionParser::Make(T node, PosRange pos, ValueType type,
                                              std::initializer_list<const Node*> children) {
  Node made;
  made.expr = std::make_shared<Expr>(Expr{std::move(node), pos, type});
  for (const Node* child : children) made.height = std::max(made.height, child->height + 1);
  if (made.height > kTreeHeightMax) {
    return Fail(
        pos, fmt::format("expression is deeper than the limit of {} operations", kTreeHeightMax));
  }
  return made;
}

}  // namespace firn::query
