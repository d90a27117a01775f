#include "base/memory/label_arena.h"

#include <cstring>
#include <new>

namespace firn {
namespace {

// One piece, with the head that the C library puts before it, is four pages.
constexpr size_t kPieceBytes = 16 * 1024 - 16;
// What is longer would leave too much of a piece unused.
constexpr size_t kTextBytesMax = 1024;

using Distance = uint16_t;
static_assert(kPieceBytes <= UINT16_MAX);

}  // namespace

// Entries follow: an aligned block, of which the two bytes before say how far it is from the piece,
// and its bytes.
struct LabelArena::Piece {
  std::atomic<uint32_t> shares{1};
};

LabelArena::~LabelArena() {
  MutexLock lock(&mutex_);
  if (piece_ != nullptr) Drop(piece_);
}

Labels LabelArena::Copy(std::string_view packed) {
  using Block = Labels::Block;
  Labels labels;
  if (packed.empty()) return labels;
  if (packed.size() > kTextBytesMax) {
    char* out = nullptr;
    labels = Labels::OfSize(packed.size(), &out);
    packed.copy(out, packed.size());
    return labels;
  }
  const auto block_after = [](size_t used) {
    return (used + sizeof(Distance) + alignof(Block) - 1) / alignof(Block) * alignof(Block);
  };
  const size_t bytes = sizeof(Block) + packed.size();
  MutexLock lock(&mutex_);
  if (piece_ == nullptr || block_after(used_) + bytes > kPieceBytes) {
    if (piece_ != nullptr) Drop(piece_);
    piece_ = new (::operator new(kPieceBytes)) Piece;
    used_ = sizeof(Piece);
  }
  const size_t at = block_after(used_);
  used_ = at + bytes;
  char* const place = reinterpret_cast<char*>(piece_) + at;
  const auto distance = static_cast<Distance>(at);
  std::memcpy(place - sizeof(distance), &distance, sizeof(distance));
  piece_->shares.fetch_add(1, std::memory_order_relaxed);
  labels.block_ = new (place) Block{{1 | Block::kInArena}, static_cast<uint32_t>(packed.size())};
  packed.copy(reinterpret_cast<char*>(labels.block_ + 1), packed.size());
  return labels;
}

void LabelArena::Free(Labels::Block* block) {
  Distance distance = 0;
  std::memcpy(&distance, reinterpret_cast<const char*>(block) - sizeof(distance), sizeof(distance));
  Drop(reinterpret_cast<Piece*>(reinterpret_cast<char*>(block) - distance));
}

void LabelArena::Drop(Piece* piece) {
  if (piece->shares.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  piece->~Piece();
  ::operator delete(piece);
}

}  // namespace firn
