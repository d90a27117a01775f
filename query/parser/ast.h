// The syntax tree of PromQL, with the source position of every node. Immutable once
// parsed and shared freely: a rewritten tree shares what did not change.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/matcher.h"
#include "base/time.h"

namespace firn::query {

enum class ValueType : uint8_t { kScalar, kString, kVector, kMatrix };
// "scalar", "string", "instant vector", "range vector": as error texts name them.
std::string_view ValueTypeName(ValueType type);

// Byte offsets into the query text, [start, end).
struct PosRange {
  int32_t start = 0;
  int32_t end = 0;
  friend bool operator==(const PosRange&, const PosRange&) = default;
};

struct Expr;
using ExprPtr = std::shared_ptr<const Expr>;

// Arithmetic inside [...], after `offset`, or as a subquery's step; evaluated once per query.
struct DurationExpr {
  enum class Op : uint8_t {
    kLiteral,
    kAdd,
    kSub,
    kMul,
    kDiv,
    kMod,
    kPow,
    kNeg,
    kPos,
    kStep,
    kRange,
    kMinOf,
    kMaxOf
  };
  Op op = Op::kLiteral;
  double seconds = 0;        // kLiteral.
  bool is_duration = false;  // kLiteral: written as `5m`, not as `300`.
  bool wrapped = false;      // Written in parentheses.
  PosRange pos;
  std::shared_ptr<const DurationExpr> lhs;  // Also the operand of a sign.
  std::shared_ptr<const DurationExpr> rhs;
};
using DurationExprPtr = std::shared_ptr<const DurationExpr>;

enum class AtKind : uint8_t { kNone, kTimestamp, kStart, kEnd };

// `offset` and `@` of a selector or subquery.
struct TimeModifiers {
  DurationMs offset_ms = 0;  // Meaningless if offset_expr is set and not yet evaluated.
  DurationExprPtr offset_expr;
  AtKind at = AtKind::kNone;
  TimestampMs at_ms = 0;  // kTimestamp.
};

struct NumberLiteral {
  double value = 0;
  bool is_duration = false;  // Written as `5m`.
};

struct StringLiteral {
  std::string value;
};

struct VectorSelector {
  std::string name;   // As written before the braces; "" if there was none.
  Matchers matchers;  // Every condition, the one on __name__ included, in written order
                      // (the name before the braces last, as upstream keeps it).
  TimeModifiers time;
  bool anchored = false;
  bool smoothed = false;
};

struct MatrixSelector {
  ExprPtr selector;  // Holds a VectorSelector, which carries offset, @ and the modifiers.
  DurationMs range_ms = 0;
  DurationExprPtr range_expr;  // Null unless the range was written as an expression.
};

struct Subquery {
  ExprPtr expr;
  DurationMs range_ms = 0;
  DurationExprPtr range_expr;
  DurationMs step_ms = 0;  // 0: the default evaluation interval.
  DurationExprPtr step_expr;
  TimeModifiers time;
};

struct Function;  // query/parser/function_table.h

struct Call {
  const Function* function = nullptr;  // Never null; lives as long as the process.
  std::vector<ExprPtr> args;
};

enum class AggregateOp : uint8_t {
  kSum,
  kAvg,
  kCount,
  kMin,
  kMax,
  kGroup,
  kStddev,
  kStdvar,
  kTopk,
  kBottomk,
  kCountValues,
  kQuantile,
  kLimitk,
  kLimitRatio
};
std::string_view AggregateOpName(AggregateOp op);

struct Aggregate {
  AggregateOp op = AggregateOp::kSum;
  ExprPtr expr;
  ExprPtr param;  // Null unless the operator takes one.
  std::vector<std::string> grouping;
  bool without = false;
};

enum class BinaryOp : uint8_t {
  kAdd,
  kSub,
  kMul,
  kDiv,
  kMod,
  kPow,
  kAtan2,
  kEqual,
  kNotEqual,
  kLess,
  kLessEqual,
  kGreater,
  kGreaterEqual,
  kTrimUpper,
  kTrimLower,  // `</` and `>/` on native histograms.
  kAnd,
  kOr,
  kUnless
};
std::string_view BinaryOpName(BinaryOp op);
bool IsComparison(BinaryOp op);
bool IsSetOperator(BinaryOp op);

enum class MatchCard : uint8_t { kOneToOne, kManyToOne, kOneToMany, kManyToMany };

struct VectorMatching {
  MatchCard card = MatchCard::kOneToOne;
  bool on = false;  // `labels` come from on(), else from ignoring().
  std::vector<std::string> labels;
  std::vector<std::string> include;  // Of group_left/group_right.
  std::optional<double> fill_left;
  std::optional<double> fill_right;
};

struct Binary {
  BinaryOp op = BinaryOp::kAdd;
  ExprPtr lhs;
  ExprPtr rhs;
  bool return_bool = false;
  std::optional<VectorMatching> matching;  // Set if both sides are vectors.
};

struct Unary {
  bool minus = false;
  ExprPtr expr;
};

struct Paren {
  ExprPtr expr;
};

struct Expr {
  std::variant<NumberLiteral, StringLiteral, VectorSelector, MatrixSelector, Subquery, Call,
               Aggregate, Binary, Unary, Paren>
      node;
  PosRange pos;
  ValueType type = ValueType::kScalar;

  // The node as T, or null.
  template <typename T>
  const T* As() const {
    return std::get_if<T>(&node);
  }
};

// Calls `visit(const Expr&)` for every node, parents first.
template <typename Visit>
void Walk(const Expr& expr, const Visit& visit);

// The direct children, in source order.
std::vector<ExprPtr> Children(const Expr& expr);

template <typename Visit>
void Walk(const Expr& expr, const Visit& visit) {
  visit(expr);
  for (const ExprPtr& child : Children(expr)) Walk(*child, visit);
}

}  // namespace firn::query
