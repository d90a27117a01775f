// PromQL text to syntax tree.
#pragma once

#include <string>
#include <string_view>

#include "base/status.h"
#include "query/parser/ast.h"

namespace firn::query {

// Which optional parts of the language are switched on (upstream's feature flags, and our own).
struct ParserOptions {
  bool experimental_functions = false;
  bool extended_range_selectors = false;
  bool binop_fill_modifiers = false;
  bool forecast_functions = false;  // firn_forecast and its kin, which upstream does not have.
};

inline constexpr size_t kQueryBytesMax = 64 << 10;
inline constexpr int kNestingDepthMax = 200;

// InvalidArgument with upstream's text: "1:5: parse error: unexpected ...".
Result<ExprPtr> ParseExpr(std::string_view text, const ParserOptions& options = {});

// A selector as in match[]: `name{...}` without range, offset or @.
Result<Matchers> ParseSelector(std::string_view text);

// The tree as text; parsing it again gives an equal tree.
std::string PrintExpr(const Expr& expr);
// The same broken into indented lines where it is wider than 100 columns (format_query).
std::string PrettyPrintExpr(const Expr& expr);

}  // namespace firn::query
