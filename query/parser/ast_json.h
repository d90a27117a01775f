// The syntax tree as JSON, in the form that query editors read.
#pragma once

#include <string>

#include "query/parser/ast.h"

namespace firn::query {

// One object; every node has a `type`, keys are sorted. Durations are milliseconds, or 0 if
// they were written as an expression, which then is in the key with the suffix `Expr`.
std::string AstToJson(const Expr& expr);

}  // namespace firn::query
