// What the lexer took for a number or a duration, as a value.
#pragma once

#include <string_view>

#include "base/status.h"

namespace firn::query {

// `017` is octal, `0x1F` hexadecimal, `1_000` a thousand. InvalidArgument with the parser's
// text if it is out of a double's range.
Result<double> ReadNumberLiteral(std::string_view text);
// Seconds. InvalidArgument with the parser's text.
Result<double> ReadDurationLiteral(std::string_view text);

}  // namespace firn::query
