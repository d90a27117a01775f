// Numbers for people: few digits, with units.
#pragma once

#include <cstdint>
#include <string>

#include "base/time.h"

namespace firn::tools {

// "512 B", "1.5 KiB", "312 MiB": three digits.
std::string HumanBytes(double bytes);
// "1,234,567".
std::string HumanCount(uint64_t count);
// "0.0312", "4.57", "123", "12.3 k", "4.57 M", "1.2e-07"; "NaN", "+Inf", "-Inf".
std::string HumanNumber(double value);
// "12.5 %", of a part between 0 and 1; "<0.1 %" for less, and never "100 %" for less than all.
std::string HumanPercent(double part);
// A clock: "0:07", "12:34", "1:02:03".
std::string ClockTime(DurationMs duration);

}  // namespace firn::tools
