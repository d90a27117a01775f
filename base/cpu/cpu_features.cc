#include "base/cpu/cpu_features.h"

#include <cstdlib>

namespace firn {
namespace {

bool SimdIsOff() {
  static const bool off = [] {
    const char* const value = std::getenv("DISABLE_SIMD");
    return value != nullptr && *value != 0;
  }();
  return off;
}

}  // namespace

bool CpuHasAvx2() { return !SimdIsOff() && __builtin_cpu_supports("avx2"); }

bool CpuHasAvx512() {
  return !SimdIsOff() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
}

}  // namespace firn
