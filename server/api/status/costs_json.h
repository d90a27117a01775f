// What costs what, for programs: the answer of /api/v1/status/storage and of `firn inspect`.
#pragma once

#include <string>

#include "engine/api/costs.h"

namespace firn::server {

// {"series":..,"active_series":..,"selected_series":..,"tiers":[..],"days":[..],"metrics":[..],
// "labels":[..],"pairs":[..],"retention":[..]}. Times are milliseconds; `bytes` of a line are in
// the order of the tiers.
std::string CostsJson(const engine::CostReport& report);

}  // namespace firn::server
