// The index of a block: which series it has, and where their chunks are.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/labels.h"
#include "base/status.h"
#include "base/time.h"

namespace firn::server {

struct BlockChunk {
  TimeRange range;   // Of its samples.
  uint64_t ref = 0;  // Number of the segment in the upper half, offset in the lower one.
};

struct BlockSeries {
  uint64_t ref = 0;  // By which tombstones name it.
  std::vector<LabelView> labels;
  std::vector<BlockChunk> chunks;  // In the order of the index: by time.
};

// Borrows the bytes of the file, into which the labels point. Immutable.
class BlockIndex {
 public:
  // Corruption for anything but an index of version 2 whose table of contents and symbols
  // verify.
  static Result<BlockIndex> Open(std::string_view bytes);

  // Walks all series in the order of their labels. One thread at a time; borrows the index.
  class Cursor {
   public:
    explicit Cursor(const BlockIndex* index) : index_(index), offset_(index->series_begin_) {}
    // Replaces `series` by the next one; false at the end. Corruption ends the walk.
    Result<bool> Next(BlockSeries* series);
    // How far the walk is, of size().
    uint64_t position() const { return offset_ - index_->series_begin_; }
    // Goes on at a position of an earlier walk over the same index; anywhere else the next series
    // will not verify.
    void Seek(uint64_t position) { offset_ = index_->series_begin_ + std::min(position, size()); }
    uint64_t size() const { return index_->series_end_ - index_->series_begin_; }

   private:
    Status Read(std::string_view entry, BlockSeries* series) const;

    const BlockIndex* index_;
    uint64_t offset_;
  };

 private:
  BlockIndex() = default;
  Status ReadSymbols(uint64_t offset);

  std::string_view bytes_;
  std::vector<std::string_view> symbols_;
  uint64_t series_begin_ = 0;
  uint64_t series_end_ = 0;
};

}  // namespace firn::server
