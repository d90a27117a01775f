// Hashes over bytes, from xxHash.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace firn {

// The classic 64-bit hash, seed 0: what Prometheus uses for label sets.
uint64_t XxHash64(std::string_view bytes);
// XXH3, 64 bit: faster, for checksums and hash tables of our own.
uint64_t Xxh3(std::string_view bytes);

// XXH3 under a key: whoever does not know it cannot aim at a hash. Immutable.
class KeyedHash {
 public:
  explicit KeyedHash(uint64_t key);
  uint64_t operator()(std::string_view bytes) const;

 private:
  const uint64_t key_;
  std::array<std::byte, 192> secret_;  // Made of the key, for long inputs.
};

}  // namespace firn
