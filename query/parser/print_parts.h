// Pieces that the one-line and the pretty printer share.
#pragma once

#include <string>

#include "query/parser/ast.h"

namespace firn::query {

// `[5m:1m] @ start() offset 3m`
void AppendSubquerySuffix(const Subquery& subquery, std::string* out);
// `sum`, or `sum by (a) ` with the blank that follows a clause.
void AppendAggregateHead(const Aggregate& aggregate, std::string* out);
// `== bool on (a) group_left (b)`
void AppendOperator(const Binary& binary, std::string* out);

// True for `Inf ^ x`: the literal's usual text, `+Inf`, would be a sign before the power.
bool HasBareInfinityBase(const Binary& binary);

// PrettyPrintExpr for a page of another width.
std::string PrettyPrintExpr(const Expr& expr, size_t columns);

}  // namespace firn::query
