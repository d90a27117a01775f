#include "base/hash.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace firn {

uint64_t XxHash64(std::string_view bytes) { return XXH64(bytes.data(), bytes.size(), 0); }
uint64_t Xxh3(std::string_view bytes) { return XXH3_64bits(bytes.data(), bytes.size()); }

KeyedHash::KeyedHash(uint64_t key) : key_(key) {
  static_assert(sizeof(secret_) == XXH3_SECRET_DEFAULT_SIZE);
  XXH3_generateSecret_fromSeed(secret_.data(), key);
}

uint64_t KeyedHash::operator()(std::string_view bytes) const {
  return XXH3_64bits_withSecretandSeed(bytes.data(), bytes.size(), secret_.data(), secret_.size(),
                                       key_);
}

}  // namespace firn
