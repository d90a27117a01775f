// Bits in the order of Prometheus' chunks: the first is the highest of the first byte.
// Internal to server/codec.
#pragma once

#include <cstdint>
#include <string>

namespace firn::server {

// One thread at a time. Borrows the bytes that it appends to, which end at a byte's border.
class BitWriter {
 public:
  explicit BitWriter(std::string* out) : out_(*out) {}

  // The lowest `count` bits, the highest of them first. REQUIRES: count <= 64.
  void Bits(uint64_t value, int count) {
    while (count > 0) {
      if (free_ == 0) {
        out_.push_back('\0');
        free_ = 8;
      }
      const int take = count < free_ ? count : free_;
      const uint64_t part = (value >> (count - take)) & ((uint64_t{1} << take) - 1);
      out_.back() =
          static_cast<char>(static_cast<unsigned char>(out_.back()) | (part << (free_ - take)));
      free_ -= take;
      count -= take;
    }
  }
  void Bit(bool bit) { Bits(bit ? 1 : 0, 1); }

 private:
  std::string& out_;
  int free_ = 0;  // Bits of the last byte not yet used.
};

}  // namespace firn::server
