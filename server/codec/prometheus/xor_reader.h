// Values of which each is stored as its difference from the one before. Internal to server/codec.
#pragma once

#include <bit>
#include <cstdint>

#include "server/codec/prometheus/bit_reader.h"

namespace firn::server {

// One thread at a time.
class XorReader {
 public:
  double First(BitReader* in) {
    bits_ = in->Bits(64);
    return std::bit_cast<double>(bits_);
  }

  double Next(BitReader* in) {
    if (!in->Bit()) return std::bit_cast<double>(bits_);
    if (in->Bit()) {
      const auto leading = static_cast<int>(in->Bits(5));
      const auto significant = static_cast<int>(in->Bits(6));
      // No difference has no bits, so 0 stands for 64.
      width_ = significant == 0 ? 64 : significant;
      shift_ = 64 - leading - width_;
      if (shift_ < 0) broken_ = true;
    }
    if (broken_) return 0;
    bits_ ^= in->Bits(width_) << shift_;
    return std::bit_cast<double>(bits_);
  }

  // Some difference had more bits than a value has.
  bool broken() const { return broken_; }

 private:
  uint64_t bits_ = 0;
  // Before the first difference that states its bits a repeated one has all of them.
  int width_ = 64;
  int shift_ = 0;
  bool broken_ = false;
};

}  // namespace firn::server
