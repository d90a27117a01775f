// Reads Prometheus' XOR chunks, bit by bit, to check what is written.
#pragma once

#include <bit>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/sample.h"

namespace firn::server {

class TestBits {
 public:
  explicit TestBits(std::string_view bytes) : bytes_(bytes) {}
  uint64_t Bits(int count) {
    uint64_t value = 0;
    for (; count > 0; --count, ++at_) {
      value = value << 1 | ((static_cast<unsigned char>(bytes_.at(at_ / 8)) >> (7 - at_ % 8)) & 1);
    }
    return value;
  }
  uint64_t Varint() {
    uint64_t value = 0;
    for (int shift = 0;; shift += 7) {
      const uint64_t byte = Bits(8);
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  }
  // A number of `bits` bits with one more positive value than negative ones.
  int64_t Signed(int bits) {
    const uint64_t value = Bits(bits);
    if (bits < 64 && value > uint64_t{1} << (bits - 1)) {
      return static_cast<int64_t>(value) - (int64_t{1} << bits);
    }
    return static_cast<int64_t>(value);
  }

 private:
  std::string_view bytes_;
  size_t at_ = 0;
};

inline std::vector<Sample> ReadXorChunk(std::string_view chunk) {
  TestBits in(chunk);
  const uint64_t count = in.Bits(16);
  std::vector<Sample> out;
  int64_t t = UnZigZag(in.Varint());
  uint64_t v = in.Bits(64);
  uint64_t delta = 0;
  int leading = 0;
  int significant = 0;
  for (uint64_t i = 0; i < count; ++i) {
    if (i == 1) delta = in.Varint();
    if (i > 1) {
      static constexpr int kClasses[] = {0, 14, 17, 20, 64};
      int ones = 0;
      while (ones < 4 && in.Bits(1) == 1) ++ones;
      if (ones > 0) delta += static_cast<uint64_t>(in.Signed(kClasses[ones]));
    }
    if (i > 0) {
      t = static_cast<int64_t>(static_cast<uint64_t>(t) + delta);
      if (in.Bits(1) == 1) {
        if (in.Bits(1) == 1) {
          leading = static_cast<int>(in.Bits(5));
          significant = static_cast<int>(in.Bits(6));
          if (significant == 0) significant = 64;
        }
        v ^= in.Bits(significant) << (64 - leading - significant);
      }
    }
    out.push_back({t, std::bit_cast<double>(v)});
  }
  return out;
}

}  // namespace firn::server
