// The column codec over the values of recorded exporters.
#pragma once

#include <cstdint>

#include "bench/load/fleet.h"

namespace firn::bench {

// Bytes per sample by mapping and mode, and samples coded and decoded per second of CPU, over
// columns of 120, 240 and 480 samples; then the same of what recording rules make of them.
void PrintCodecFigures(const Fleet& fleet, uint32_t targets, uint32_t hours);

}  // namespace firn::bench
