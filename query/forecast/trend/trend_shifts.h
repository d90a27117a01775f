// Where a level jumps (a deployment, a move, a cleaned disk) and which bins are mere incidents.
#pragma once

#include <vector>

#include "query/forecast/trend/trend_filter.h"

namespace firn::query {

// Looks for jumps and outliers in `y` (one value per bin, NaN in gaps). Candidates stand out from
// the medians before and after; a jump is kept if it makes the best of all models that much more
// likely than it costs. Outliers become NaN in `y`. `fits` gets the fit of each of
// TrendSpecs(y->size()) with the jumps found. REQUIRES: at least four finite values.
void FindShifts(std::vector<double>* y, std::vector<size_t>* shifts, std::vector<size_t>* outliers,
                std::vector<TrendFit>* fits);

}  // namespace firn::query
