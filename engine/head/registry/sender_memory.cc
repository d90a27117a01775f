#include "engine/head/registry/sender_memory.h"

#include <random>

namespace firn::engine {
namespace {

// Longer ones are read as they come.
constexpr size_t kWireBytesMax = 1 << 20;

uint64_t RandomKey() {
  std::random_device device;
  return uint64_t{device()} << 32 | device();
}

}  // namespace

SenderMemory::SenderMemory() : hash_(RandomKey()) {}

SenderMemory::Guess SenderMemory::Recognise(uint64_t previous, std::string_view wire) const {
  const Entry* const before = entries_.Find(previous);
  if (before == nullptr) return {};
  const uint32_t series = before->next.load(std::memory_order_relaxed);
  const Entry* const guess = entries_.Find(series);
  if (series == 0 || guess == nullptr) return {};
  const uint32_t bytes = guess->bytes.load(std::memory_order_relaxed);
  // A length that another thread has just changed does no harm: it is part of the hash.
  if (bytes == 0 || bytes > wire.size() ||
      hash_(wire.substr(0, bytes)) != guess->hash.load(std::memory_order_relaxed)) {
    return {};
  }
  return {.series = series, .bytes = bytes};
}

void SenderMemory::Remember(uint64_t previous, uint64_t series, std::string_view wire) {
  if (wire.empty() || wire.size() > kWireBytesMax || series >= entries_.kSizeMax) return;
  Entry& entry = entries_.Make(series);
  entry.hash.store(hash_(wire), std::memory_order_relaxed);
  entry.bytes.store(static_cast<uint32_t>(wire.size()), std::memory_order_relaxed);
  if (previous != 0 && previous < entries_.kSizeMax) {
    entries_.Make(previous).next.store(static_cast<uint32_t>(series), std::memory_order_relaxed);
  }
}

}  // namespace firn::engine
