// Functions from one float to one float: mathematics and calendar.
#pragma once

#include <string_view>

namespace firn::query {

using FloatFunction = double (*)(double);

// abs, ceil, exp, sin, deg, sgn, ...; the calendar functions take Unix seconds (UTC). Null
// if `name` is not such a function.
FloatFunction FindFloatFunction(std::string_view name);

}  // namespace firn::query
