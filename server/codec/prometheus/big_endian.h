// Internal to server/codec.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace firn::server {

// REQUIRES: there are four bytes.
inline uint32_t ReadBigEndian32(std::string_view bytes) {
  uint32_t value = 0;
  std::memcpy(&value, bytes.data(), sizeof(value));
  return __builtin_bswap32(value);
}

}  // namespace firn::server
