// What a Prometheus storage makes of counter reset hints: on reading, a histogram's hint
// tells how it relates to the sample before it.
#pragma once

#include "engine/api/querier.h"

namespace firn::testing {

// Replaces the hints of a series' histograms by those a read would yield.
void ApplyStorageHints(engine::SampleColumns* samples);

}  // namespace firn::testing
