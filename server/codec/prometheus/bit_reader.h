// Bits in the order of Prometheus' chunks: the first is the highest of the first byte.
// Internal to server/codec.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace firn::server {

// After a read past the end every result is zero and ok() is false. One thread at a time.
class BitReader {
 public:
  explicit BitReader(std::string_view bytes) : p_(bytes.data()), end_(p_ + bytes.size()) {}

  bool ok() const { return ok_; }
  // Bits that were not read yet.
  uint64_t remaining() const {
    return 8 * static_cast<uint64_t>(end_ - p_) + static_cast<uint64_t>(held_);
  }

  // The next `count` bits as the lowest of the result. REQUIRES: count <= 64.
  uint64_t Bits(int count) {
    if (count > kHeldMax) {
      const uint64_t high = Bits(count - 32);
      return (high << 32) | Bits(32);
    }
    if (count == 0) return 0;
    if (held_ < count) Refill();
    if (held_ < count) return Fail();
    const uint64_t bits = window_ >> (64 - count);
    window_ <<= count;
    held_ -= count;
    return bits;
  }
  bool Bit() { return Bits(1) != 0; }

  // LEB128, which need not begin at a byte's border.
  uint64_t Varint() {
    uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      const uint64_t byte = Bits(8);
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    return Fail();
  }

 private:
  static constexpr int kHeldMax = 56;

  void Refill() {
    if (end_ - p_ >= 8) {
      uint64_t next = 0;
      std::memcpy(&next, p_, 8);
      window_ |= __builtin_bswap64(next) >> held_;
      const int bytes = (63 - held_) / 8;
      p_ += bytes;
      held_ += 8 * bytes;
      // What was taken of a byte that is not counted as held comes again.
      window_ &= ~uint64_t{0} << (64 - held_);
      return;
    }
    while (held_ <= kHeldMax && p_ != end_) {
      window_ |= static_cast<uint64_t>(static_cast<unsigned char>(*p_++)) << (kHeldMax - held_);
      held_ += 8;
    }
  }
  uint64_t Fail() {
    ok_ = false;
    p_ = end_;
    window_ = 0;
    held_ = 0;
    return 0;
  }

  const char* p_;
  const char* end_;
  uint64_t window_ = 0;  // Held bits are the highest, the rest is zero.
  int held_ = 0;
  bool ok_ = true;
};

}  // namespace firn::server
