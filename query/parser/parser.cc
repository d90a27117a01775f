#include "query/parser/parser.h"

#include "query/parser/syntax/expression_parser.h"
#include "query/parser/syntax/type_check.h"

namespace firn::query {
namespace {

Status CheckLength(std::string_view text) {
  if (text.size() <= kQueryBytesMax) return OkStatus();
  return InvalidArgument("query of {} bytes is longer than the limit of {}", text.size(),
                         kQueryBytesMax);
}

}  // namespace

Result<ExprPtr> ParseExpr(std::string_view text, const ParserOptions& options) {
  FIRN_RETURN_IF_ERROR(CheckLength(text));
  FIRN_ASSIGN_OR_RETURN(const std::shared_ptr<Expr> expr, ExpressionParser(text, options).Parse());
  FIRN_RETURN_IF_ERROR(CheckTypes(text, expr.get()));
  return ExprPtr(expr);
}

Result<Matchers> ParseSelector(std::string_view text) {
  FIRN_RETURN_IF_ERROR(CheckLength(text));
  const ParserOptions options;
  return ExpressionParser(text, options).ParseSelector();
}

}  // namespace firn::query
