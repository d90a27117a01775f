// The rules that grammar alone does not enforce.
#pragma once

#include <string_view>

#include "base/status.h"
#include "query/parser/ast.h"

namespace firn::query {

// InvalidArgument in the parser's form for the first broken rule. Finishes the tree on the
// way: set operators match many-to-many, and only operations between vectors keep a matching.
// REQUIRES: the tree was just parsed from `text` and nobody else holds any of it.
Status CheckTypes(std::string_view text, Expr* expr);

}  // namespace firn::query
