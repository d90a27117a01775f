#include "base/hash.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace firn {

uint64_t XxHash64(std::string_view bytes) { return XXH64(bytes.data(), bytes.size(), 0); }
uint64_t Xxh3(std::string_view bytes) { return XXH3_64bits(bytes.data(), bytes.size()); }

}  // namespace firn
