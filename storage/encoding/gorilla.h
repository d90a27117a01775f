// A chunk of one series' float samples as the head keeps it: delta-of-delta times and
// XORed values in one bit stream that can be read while it grows.
// Byte layout: docs/format/chunk.md.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "base/sample.h"
#include "base/status.h"

namespace firn::storage {

// What a finished chunk leaves: memory of malloc.
struct FreeBytes {
  void operator()(char* bytes) const { std::free(bytes); }
};
using GorillaBytes = std::unique_ptr<char[], FreeBytes>;

// Writes a chunk. One thread at a time; millions of these live at once, so the object is
// small and its buffer grows in small steps. Move-only.
class GorillaAppender {
 public:
  GorillaAppender() = default;
  GorillaAppender(GorillaAppender&& other) noexcept { Swap(other); }
  GorillaAppender& operator=(GorillaAppender&& other) noexcept {
    GorillaAppender moved(std::move(other));
    Swap(moved);
    return *this;
  }
  ~GorillaAppender();

  // Any bits of `v` are kept, NaN payloads included.
  // REQUIRES: t > last_t() unless empty().
  void Append(TimestampMs t, double v);

  bool empty() const { return count_ == 0; }
  uint32_t count() const { return count_; }
  // REQUIRES: !empty().
  TimestampMs last_t() const { return last_t_; }
  double last_v() const { return std::bit_cast<double>(last_bits_); }

  // All samples so far as a readable chunk; "" if there are none. Valid until the next
  // call that is not const.
  std::string_view bytes() const { return {data_, size()}; }
  // Gives away the buffer of bytes() without what it has in reserve, and is empty again.
  GorillaBytes Take();
  // Asks for the memory that the next Append writes to.
  void PrefetchEnd() const { __builtin_prefetch(data_ + bits_ / 8, 1); }
  // Bytes held outside the object.
  size_t allocated_bytes() const { return capacity_; }

 private:
  size_t size() const { return count_ == 0 ? 0 : bits_ / 8 + 1; }
  void AppendFirst(TimestampMs t, uint64_t bits);
  void AppendTime(TimestampMs t);
  void AppendValue(uint64_t bits);
  void PutBits(uint64_t value, int width);
  void Reserve(size_t bytes);
  void Swap(GorillaAppender& other) noexcept;

  char* data_ = nullptr;  // malloc, so that growing may happen in place.
  uint32_t bits_ = 0;     // Length of the stream without its end mark.
  uint32_t capacity_ = 0;
  TimestampMs last_t_ = 0;
  uint64_t last_delta_ = 0;
  uint64_t last_bits_ = 0;
  uint32_t count_ = 0;
  // The meaningful bits of the last XOR that stated them: length 0 means none yet.
  uint8_t xor_shift_ = 0;
  uint8_t xor_length_ = 0;
};
static_assert(sizeof(GorillaAppender) <= 64);

// Appends all samples of `chunk` to both vectors. Corruption, with the vectors as they
// were, if the bytes are not a chunk or its times do not ascend.
Status GorillaDecode(std::string_view chunk, std::vector<TimestampMs>* t, std::vector<double>* v);

}  // namespace firn::storage
