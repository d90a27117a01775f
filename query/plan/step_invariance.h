// Which expressions have the same value at every step of a query.
#pragma once

#include "query/parser/ast.h"

namespace firn::query {

// True if everything below is pinned by `@` or constant, and no function looks at the
// evaluation time.
bool IsStepInvariant(const Expr& expr);

}  // namespace firn::query
