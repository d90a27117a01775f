#include "query/parser/syntax/type_check.h"

#include "base/labels.h"
#include "query/parser/function_table.h"
#include "query/parser/syntax/expression_parser.h"

namespace firn::query {
namespace {

bool IsScalarOrVector(ValueType type) {
  return type == ValueType::kScalar || type == ValueType::kVector;
}

class TypeChecker {
 public:
  explicit TypeChecker(std::string_view text) : text_(text) {}

  // `labels_only`: as in the second argument of info(), which may select everything.
  Status Check(const Expr& expr, bool labels_only = false);

 private:
  Status CheckBinary(const Expr& expr, Binary* binary);
  Status CheckMatching(const Expr& expr, Binary* binary);
  Status CheckAggregate(const Aggregate& aggregate);
  Status CheckCall(const Expr& expr, const Call& call);
  Status CheckArgumentCount(const Expr& expr, const Call& call);
  Status CheckInfo(const Expr& expr, const Call& call);
  Status CheckSelector(const Expr& expr, const VectorSelector& selector, bool labels_only);
  Status ExpectType(const Expr& expr, ValueType wanted, std::string_view context);
  template <typename... Args>
  Status Error(PosRange pos, fmt::format_string<Args...> format, Args&&... args) {
    return ParseErrorAt(text_, pos.start, fmt::format(format, std::forward<Args>(args)...));
  }
  // Where the operator with its modifiers stands.
  PosRange OperatorPos(const Binary& binary) const;

  const std::string_view text_;
};

Status TypeChecker::Check(const Expr& expr, bool labels_only) {
  if (const auto* binary = expr.As<Binary>()) {
    return CheckBinary(expr, const_cast<Binary*>(binary));  // See CheckTypes' requirement.
  }
  if (const auto* aggregate = expr.As<Aggregate>()) return CheckAggregate(*aggregate);
  if (const auto* call = expr.As<Call>()) return CheckCall(expr, *call);
  if (const auto* selector = expr.As<VectorSelector>()) {
    return CheckSelector(expr, *selector, labels_only);
  }
  if (const auto* matrix = expr.As<MatrixSelector>()) return Check(*matrix->selector);
  if (const auto* paren = expr.As<Paren>()) return Check(*paren->expr);
  if (const auto* unary = expr.As<Unary>()) {
    FIRN_RETURN_IF_ERROR(Check(*unary->expr));
    if (IsScalarOrVector(unary->expr->type)) return OkStatus();
    return Error(expr.pos,
                 "unary expression only allowed on expressions of type scalar or instant vector, "
                 "got \"{}\"",
                 ValueTypeName(unary->expr->type));
  }
  if (const auto* subquery = expr.As<Subquery>()) {
    FIRN_RETURN_IF_ERROR(Check(*subquery->expr));
    const ValueType type = subquery->expr->type;
    if (type == ValueType::kVector) return OkStatus();
    return Error(expr.pos, "subquery is only allowed on instant vector, got {} instead",
                 type == ValueType::kMatrix ? "matrix" : ValueTypeName(type));
  }
  return OkStatus();
}

PosRange TypeChecker::OperatorPos(const Binary& binary) const {
  PosRange pos{binary.lhs->pos.end, binary.rhs->pos.start};
  const auto is_blank = [&](int32_t at) {
    return std::string_view(" \t\r\n").find(text_[static_cast<size_t>(at)]) !=
           std::string_view::npos;
  };
  while (pos.start < pos.end && is_blank(pos.start)) ++pos.start;
  return pos;
}

Status TypeChecker::CheckBinary(const Expr& expr, Binary* binary) {
  FIRN_RETURN_IF_ERROR(Check(*binary->lhs));
  FIRN_RETURN_IF_ERROR(Check(*binary->rhs));
  const ValueType lhs = binary->lhs->type;
  const ValueType rhs = binary->rhs->type;
  const bool comparison = IsComparison(binary->op);
  if (binary->return_bool && !comparison) {
    return Error(OperatorPos(*binary), "bool modifier can only be used on comparison operators");
  }
  if (comparison && !binary->return_bool && lhs == ValueType::kScalar &&
      rhs == ValueType::kScalar) {
    return Error(OperatorPos(*binary), "comparisons between scalars must use BOOL modifier");
  }
  const VectorMatching& matching = *binary->matching;
  for (const std::string& label : matching.labels) {
    for (const std::string& included : matching.include) {
      if (matching.on && label == included) {
        return Error(OperatorPos(*binary), "label {} must not occur in ON and GROUP clause at once",
                     QuoteGo(label));
      }
    }
  }
  for (const ExprPtr& side : {binary->lhs, binary->rhs}) {
    if (!IsScalarOrVector(side->type)) {
      return Error(side->pos,
                   "binary expression must contain only scalar and instant vector types");
    }
  }
  FIRN_RETURN_IF_ERROR(CheckMatching(expr, binary));
  if (IsSetOperator(binary->op) && (lhs == ValueType::kScalar || rhs == ValueType::kScalar)) {
    return Error(expr.pos, "set operator \"{}\" not allowed in binary scalar expression",
                 BinaryOpName(binary->op));
  }
  return OkStatus();
}

Status TypeChecker::CheckMatching(const Expr& expr, Binary* binary) {
  VectorMatching& matching = *binary->matching;
  const bool fills = matching.fill_left || matching.fill_right;
  if (binary->lhs->type != ValueType::kVector || binary->rhs->type != ValueType::kVector) {
    if (!matching.labels.empty()) {
      return Error(expr.pos, "vector matching only allowed between instant vectors");
    }
    if (fills) {
      return Error(expr.pos, "filling in missing series only allowed between instant vectors");
    }
    binary->matching.reset();
    return OkStatus();
  }
  if (!IsSetOperator(binary->op)) return OkStatus();
  if (matching.card != MatchCard::kOneToOne) {
    return Error(expr.pos, "no grouping allowed for \"{}\" operation", BinaryOpName(binary->op));
  }
  if (fills) {
    return Error(expr.pos, "filling in missing series not allowed for set operators");
  }
  matching.card = MatchCard::kManyToMany;
  return OkStatus();
}

Status TypeChecker::ExpectType(const Expr& expr, ValueType wanted, std::string_view context) {
  FIRN_RETURN_IF_ERROR(Check(expr));
  if (expr.type == wanted) return OkStatus();
  return Error(expr.pos, "expected type {} in {}, got {}", ValueTypeName(wanted), context,
               ValueTypeName(expr.type));
}

Status TypeChecker::CheckAggregate(const Aggregate& aggregate) {
  FIRN_RETURN_IF_ERROR(ExpectType(*aggregate.expr, ValueType::kVector, "aggregation expression"));
  if (aggregate.param == nullptr) return OkStatus();
  const ValueType wanted =
      aggregate.op == AggregateOp::kCountValues ? ValueType::kString : ValueType::kScalar;
  return ExpectType(*aggregate.param, wanted, "aggregation parameter");
}

Status TypeChecker::CheckArgumentCount(const Expr& expr, const Call& call) {
  const Function& function = *call.function;
  const size_t types = function.arg_types.size();
  const size_t got = call.args.size();
  const auto error = [&](std::string_view bound, size_t wanted) {
    return Error(expr.pos, "expected {}{} argument(s) in call to \"{}\", got {}", bound, wanted,
                 function.name, got);
  };
  if (function.variadic == 0) return got == types ? OkStatus() : error("", types);
  if (got < types - 1) return error("at least ", types - 1);
  if (function.variadic < 0) return OkStatus();
  const size_t most = types - 1 + static_cast<size_t>(function.variadic);
  return got <= most ? OkStatus() : error("at most ", most);
}

Status TypeChecker::CheckInfo(const Expr& expr, const Call& call) {
  const Expr& labels = *call.args[1];
  if (labels.type != ValueType::kVector) {
    return Error(expr.pos, "expected type instant vector in call to function \"info\", got {}",
                 ValueTypeName(labels.type));
  }
  const auto* selector = labels.As<VectorSelector>();
  if (selector == nullptr) return Error(labels.pos, "expected label selectors only");
  if (!selector->name.empty()) {
    return Error(labels.pos, "expected label selectors only, got vector selector instead");
  }
  return OkStatus();
}

Status TypeChecker::CheckCall(const Expr& expr, const Call& call) {
  FIRN_RETURN_IF_ERROR(CheckArgumentCount(expr, call));
  const Function& function = *call.function;
  const bool info = function.name == "info";
  if (info && call.args.size() > 1) FIRN_RETURN_IF_ERROR(CheckInfo(expr, call));
  for (size_t i = 0; i < call.args.size(); ++i) {
    const Expr& arg = *call.args[i];
    const ValueType wanted = function.arg_types[std::min(i, function.arg_types.size() - 1)];
    FIRN_RETURN_IF_ERROR(Check(arg, /*labels_only=*/info && i == 1));
    if (arg.type != wanted) {
      return Error(arg.pos, "expected type {} in call to function \"{}\", got {}",
                   ValueTypeName(wanted), function.name, ValueTypeName(arg.type));
    }
  }
  return OkStatus();
}

Status TypeChecker::CheckSelector(const Expr& expr, const VectorSelector& selector,
                                  bool labels_only) {
  if (!selector.name.empty()) {
    for (size_t i = 0; i + 1 < selector.matchers.size(); ++i) {  // The last one is the name's.
      const Matcher& matcher = selector.matchers[i];
      if (matcher.name() != kMetricName) continue;
      return Error(expr.pos, "metric name must not be set twice: {} or {}", QuoteGo(selector.name),
                   QuoteGo(matcher.value()));
    }
    return OkStatus();
  }
  if (labels_only) return OkStatus();
  for (const Matcher& matcher : selector.matchers) {
    if (!matcher.MatchesEmpty()) return OkStatus();
  }
  return Error(expr.pos, "vector selector must contain at least one non-empty matcher");
}

}  // namespace

Status CheckTypes(std::string_view text, Expr* expr) { return TypeChecker(text).Check(*expr); }

}  // namespace firn::query
