// Hashes over bytes, from xxHash.
#pragma once

#include <cstdint>
#include <string_view>

namespace firn {

// The classic 64-bit hash, seed 0: what Prometheus uses for label sets.
uint64_t XxHash64(std::string_view bytes);
// XXH3, 64 bit: faster, for checksums and hash tables of our own.
uint64_t Xxh3(std::string_view bytes);

}  // namespace firn
