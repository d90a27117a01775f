// Which instructions the program may use beyond those that it is compiled for.
#pragma once

namespace firn {

// Of the processor; false in any case if the environment variable DISABLE_SIMD is set and not
// empty, so that the plain code can be tried on a machine that has better.
bool CpuHasAvx2();
// The foundation, and the parts for bytes, double words and shorter vectors.
bool CpuHasAvx512();

}  // namespace firn
