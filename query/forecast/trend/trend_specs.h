// Which models of a level are considered.
#pragma once

#include <span>
#include <vector>

#include "query/forecast/trend/trend_filter.h"

namespace firn::query {

// The candidates for a history of `bins`, whose damping depends on its length. Each family of
// models (steady, line, saturating, exponential, wandering, changing its slope) gets its share of
// the prior, whatever its number of members.
std::vector<TrendSpec> TrendSpecs(size_t bins);

}  // namespace firn::query
