// Numbers as text, the way Go's strconv writes and reads them, since clients compare text.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace firn {

// Shortest digits that read back to the same double; "NaN", "+Inf", "-Inf".
std::string FormatFloatF(double v);  // Never an exponent: strconv 'f', -1.
std::string FormatFloatG(double v);  // "%g" and fmt.Sprint: exponent below 1e-4 and from 1e6.
std::string FormatFloatE(double v);  // "1e+00": strconv 'e', -1.
// A sample value in the HTTP API: 'f', but an exponent below 1e-6 and from 1e21 on.
void AppendSampleValue(double v, std::string* out);

// strconv.ParseFloat without hex floats and underscores: decimal, exponent, [+-]Inf,
// [+-]Infinity, NaN in any case. Out-of-range values become +-Inf.
std::optional<double> ParseFloat(std::string_view text);

}  // namespace firn
