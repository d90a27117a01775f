// Integers in byte strings: little-endian fixed width, big-endian for keys (byte order =
// number order), LEB128 varints, zigzag. Readers never run past the end.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace firn {

static_assert(std::endian::native == std::endian::little, "formats are little-endian");

template <typename T>
void AppendFixed(T value, std::string* out) {
  char bytes[sizeof(T)];
  std::memcpy(bytes, &value, sizeof(T));
  out->append(bytes, sizeof(T));
}

inline void AppendBigEndian64(uint64_t value, std::string* out) {
  AppendFixed(__builtin_bswap64(value), out);
}
// Signed values keep their order as bytes.
inline void AppendOrdered64(int64_t value, std::string* out) {
  AppendBigEndian64(static_cast<uint64_t>(value) ^ (uint64_t{1} << 63), out);
}

inline void AppendVarint(uint64_t value, std::string* out) {
  while (value >= 0x80) {
    out->push_back(static_cast<char>(value | 0x80));
    value >>= 7;
  }
  out->push_back(static_cast<char>(value));
}

constexpr uint64_t ZigZag(int64_t v) {
  return (static_cast<uint64_t>(v) << 1) ^ static_cast<uint64_t>(v >> 63);
}
constexpr int64_t UnZigZag(uint64_t v) {
  return static_cast<int64_t>(v >> 1) ^ -static_cast<int64_t>(v & 1);
}
inline void AppendSignedVarint(int64_t value, std::string* out) {
  AppendVarint(ZigZag(value), out);
}

// A length and the bytes.
inline void AppendLengthPrefixed(std::string_view text, std::string* out) {
  AppendVarint(text.size(), out);
  out->append(text);
}

// Reads from the front of borrowed bytes. After a read past the end every result is zero
// or empty and ok() is false: one check per record is enough.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : p_(bytes.data()), end_(p_ + bytes.size()) {}

  bool ok() const { return ok_; }
  bool AtEnd() const { return p_ == end_; }
  size_t remaining() const { return static_cast<size_t>(end_ - p_); }
  std::string_view rest() const { return {p_, remaining()}; }

  template <typename T>
  T Fixed() {
    T value{};
    if (remaining() < sizeof(T)) return Fail(), value;
    std::memcpy(&value, p_, sizeof(T));
    p_ += sizeof(T);
    return value;
  }
  uint64_t BigEndian64() { return __builtin_bswap64(Fixed<uint64_t>()); }
  int64_t Ordered64() { return static_cast<int64_t>(BigEndian64() ^ (uint64_t{1} << 63)); }

  uint64_t Varint() {
    uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      if (p_ == end_) return Fail(), 0;
      const auto byte = static_cast<unsigned char>(*p_++);
      value |= static_cast<uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    return Fail(), 0;
  }
  int64_t SignedVarint() { return UnZigZag(Varint()); }

  std::string_view Bytes(size_t n) {
    if (remaining() < n) return Fail(), std::string_view();
    const std::string_view bytes(p_, n);
    p_ += n;
    return bytes;
  }
  std::string_view LengthPrefixed() { return Bytes(Varint()); }

 private:
  void Fail() {
    ok_ = false;
    p_ = end_;
  }

  const char* p_;
  const char* end_;
  bool ok_ = true;
};

}  // namespace firn
