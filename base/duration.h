// Durations as Prometheus writes them: `1h30m`, units y w d h m s ms in falling order.
#pragma once

#include <string>
#include <string_view>

#include "base/status.h"
#include "base/time.h"

namespace firn {

// Non-negative; "0" alone is accepted. InvalidArgument names the text.
Result<DurationMs> ParseDuration(std::string_view text);
// "0s" for zero; weeks are used only for whole weeks, years only for whole years.
std::string FormatDuration(DurationMs duration);

}  // namespace firn
