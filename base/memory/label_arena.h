// Memory for the labels of very many series that come and go about together: many stand in one
// piece, so that each takes a few bytes beside its text and neighbours are read in one go.
#pragma once

#include <cstddef>
#include <string_view>

#include "base/labels.h"
#include "base/mutex.h"

namespace firn {

// Thread-safe. Labels may outlive it; a piece is freed with the last labels in it.
class LabelArena {
 public:
  LabelArena() = default;
  ~LabelArena();
  LabelArena(const LabelArena&) = delete;
  LabelArena& operator=(const LabelArena&) = delete;

  // A copy of these bytes as labels. REQUIRES: Labels::CheckPacked(packed) is OK.
  Labels Copy(std::string_view packed);

 private:
  friend class Labels;
  struct Piece;

  // Drops the last share in labels that Copy made.
  static void Free(Labels::Block* block);
  static void Drop(Piece* piece);

  Mutex mutex_;
  Piece* piece_ ABSL_GUARDED_BY(mutex_) = nullptr;  // Has a share in it, as each of its labels.
  size_t used_ ABSL_GUARDED_BY(mutex_) = 0;         // Bytes of the piece.
};

}  // namespace firn
