// What is kept by series number agrees on how many there can be and which are freed together.
#pragma once

#include <cstdint>

namespace firn::engine {

// Numbers are below this.
inline constexpr uint64_t kSeriesNumbersMax = uint64_t{1} << 30;
// So many, from a multiple of it on, are given up together when no series has one of them and
// none will.
inline constexpr uint64_t kSeriesNumbersPerBlock = 4096;

}  // namespace firn::engine
