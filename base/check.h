// Assertions. FIRN_CHECK is always on and is for a programmer's mistake; never use it on
// anything that came from a file or the network. FIRN_DCHECK is for hot loops.
#pragma once

#include <cstdint>

namespace firn {
[[noreturn]] void CheckFailed(const char* file, int line, const char* expression);
}  // namespace firn

#define FIRN_CHECK(condition)                                            \
  (__builtin_expect(static_cast<bool>(condition), 1)                     \
       ? static_cast<void>(0)                                            \
       : ::firn::CheckFailed(__FILE__, __LINE__, #condition))

#ifdef FIRN_DCHECKS
#define FIRN_DCHECK(condition) FIRN_CHECK(condition)
#else
#define FIRN_DCHECK(condition) static_cast<void>(sizeof(condition))
#endif
