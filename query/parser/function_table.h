// Names, argument types and flags of PromQL's functions. What they compute is elsewhere.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "query/parser/ast.h"

namespace firn::query {

struct Function {
  std::string_view name;
  std::vector<ValueType> arg_types;
  // 0: exactly arg_types.size() arguments. n > 0: the last type may be left out or
  // repeated up to n more times. -1: the last type may occur any number of times, also 0.
  int variadic = 0;
  ValueType return_type = ValueType::kVector;
  bool experimental = false;
  bool own = false;  // Not in Prometheus; see ParserOptions::forecast_functions.
};

// Null if there is no function of this name (names are case-sensitive).
const Function* FindFunction(std::string_view name);
std::span<const Function> AllFunctions();

}  // namespace firn::query
