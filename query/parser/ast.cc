#include "query/parser/ast.h"

namespace firn::query {
namespace {

template <typename... Visitors>
struct Overloaded : Visitors... {
  using Visitors::operator()...;
};
template <typename... Visitors>
Overloaded(Visitors...) -> Overloaded<Visitors...>;

}  // namespace

std::string_view ValueTypeName(ValueType type) {
  switch (type) {
    case ValueType::kScalar:
      return "scalar";
    case ValueType::kString:
      return "string";
    case ValueType::kVector:
      return "instant vector";
    case ValueType::kMatrix:
      return "range vector";
  }
  return "?";
}

std::string_view AggregateOpName(AggregateOp op) {
  static constexpr std::string_view kNames[] = {
      "sum",    "avg",  "count",   "min",          "max",      "group",  "stddev",
      "stdvar", "topk", "bottomk", "count_values", "quantile", "limitk", "limit_ratio"};
  return kNames[static_cast<size_t>(op)];
}

std::string_view BinaryOpName(BinaryOp op) {
  static constexpr std::string_view kNames[] = {"+",     "-",  "*",  "/",   "%",  "^",
                                                "atan2", "==", "!=", "<",   "<=", ">",
                                                ">=",    "</", ">/", "and", "or", "unless"};
  return kNames[static_cast<size_t>(op)];
}

bool IsComparison(BinaryOp op) { return op >= BinaryOp::kEqual && op <= BinaryOp::kGreaterEqual; }

bool IsSetOperator(BinaryOp op) {
  return op == BinaryOp::kAnd || op == BinaryOp::kOr || op == BinaryOp::kUnless;
}

std::vector<ExprPtr> Children(const Expr& expr) {
  using List = std::vector<ExprPtr>;
  return std::visit(Overloaded{
                        [](const MatrixSelector& e) { return List{e.selector}; },
                        [](const Subquery& e) { return List{e.expr}; },
                        [](const Call& e) { return e.args; },
                        [](const Aggregate& e) {
                          return e.param == nullptr ? List{e.expr} : List{e.param, e.expr};
                        },
                        [](const Binary& e) {
                          return List{e.lhs, e.rhs};
                        },
                        [](const Unary& e) { return List{e.expr}; },
                        [](const Paren& e) { return List{e.expr}; },
                        [](const auto&) { return List{}; },
                    },
                    expr.node);
}

}  // namespace firn::query
