// An array by series number that grows without moving what is in it.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>

namespace firn::engine {

// Thread-safe as far as T is; T value-initialises to "nothing here". Elements live until their
// block is freed. Numbers below `size_max` can be used; so many as a block has from a multiple of
// it on share a block of memory.
template <typename T, uint64_t size_max, uint64_t block_size>
class BlockArray {
 public:
  static constexpr uint64_t kSizeMax = size_max;
  static constexpr uint64_t kBlockSize = block_size;

  // Zero pages of the system, which take no memory before they are written.
  BlockArray() : blocks_(static_cast<std::atomic<Block*>*>(std::calloc(kBlocksMax, kSlotBytes))) {
    if (blocks_ == nullptr) throw std::bad_alloc();
  }
  ~BlockArray() {
    const size_t blocks = blocks_end_.load(std::memory_order_relaxed);
    for (size_t i = 0; i < blocks; ++i) delete blocks_[i].load(std::memory_order_relaxed);
    std::free(blocks_);
  }
  BlockArray(const BlockArray&) = delete;
  BlockArray& operator=(const BlockArray&) = delete;

  // Null if nothing near this number was made; any number is allowed.
  T* Find(uint64_t number) const {
    if (number >= kSizeMax) return nullptr;
    Block* const block = blocks_[number / kBlockSize].load(std::memory_order_acquire);
    return block == nullptr ? nullptr : &(*block)[number % kBlockSize];
  }
  // REQUIRES: number < kSizeMax.
  T& Make(uint64_t number) {
    const uint64_t place = number / kBlockSize;
    std::atomic<Block*>& slot = blocks_[place];
    Block* block = slot.load(std::memory_order_acquire);
    if (block == nullptr) {
      auto made = std::make_unique<Block>();
      if (slot.compare_exchange_strong(block, made.get())) block = made.release();
      size_t end = blocks_end_.load();
      while (end <= place && !blocks_end_.compare_exchange_weak(end, place + 1)) {
      }
    }
    return (*block)[number % kBlockSize];
  }

  // Makes the block with a number as if it had never been made.
  // REQUIRES: nobody uses elements of this block meanwhile; number < kSizeMax.
  void FreeBlock(uint64_t number) { delete blocks_[number / kBlockSize].exchange(nullptr); }

 private:
  static constexpr size_t kBlocksMax = kSizeMax / kBlockSize;
  using Block = std::array<T, kBlockSize>;
  static constexpr size_t kSlotBytes = sizeof(std::atomic<Block*>);

  std::atomic<Block*>* const blocks_;
  std::atomic<size_t> blocks_end_ = 0;  // Blocks from here on were never made.
};

}  // namespace firn::engine
