// Pins a query to a time with `@`, as an evaluation at any other time must not notice.
#pragma once

#include <optional>
#include <string>

#include "base/time.h"
#include "query/parser/ast.h"

namespace firn::testing {

// The expression with `@ t` on every selector and subquery that has none, as text; nothing
// if a function looks at the evaluation time, so that pinning would change the answer.
std::optional<std::string> PinnedText(const query::ExprPtr& expr, TimestampMs t);

}  // namespace firn::testing
