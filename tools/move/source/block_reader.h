// One block of a Prometheus data directory.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <absl/container/flat_hash_map.h>

#include "server/codec/prometheus/block_files.h"
#include "server/codec/prometheus/block_index.h"
#include "server/codec/prometheus/chunk_reader.h"
#include "server/codec/write_visitor.h"
#include "tools/move/selection.h"
#include "tools/move/source/mapped_file.h"

namespace firn::tools {

// One thread at a time.
class BlockReader {
 public:
  // Corruption if the index cannot be used, Io or NotFound.
  static Result<std::unique_ptr<BlockReader>> Open(const std::string& path);

  // Gives the selected samples of the next series; false at the end. Chunks that do not verify are
  // told as unreadable. Corruption if the index goes wrong on the way, which ends the block.
  Result<bool> Next(const Selection& selection, server::WriteVisitor* visitor);

  // How far the block is read, in bytes of its index.
  uint64_t position() const { return cursor_->position(); }
  uint64_t size() const { return cursor_->size(); }
  void Seek(uint64_t position) { cursor_->Seek(position); }

 private:
  explicit BlockReader(std::string path) : path_(std::move(path)) {}
  Result<std::string_view> Segment(uint64_t number);
  Status ReadChunk(const server::BlockChunk& chunk);
  // Removes what is not selected or deleted.
  void Trim(const TimeRange& range);

  const std::string path_;
  MappedFile index_file_;
  std::optional<server::BlockIndex> index_;
  std::optional<server::BlockIndex::Cursor> cursor_;
  std::map<uint64_t, MappedFile> segments_;  // By number.
  absl::flat_hash_map<uint64_t, std::vector<TimeRange>> tombstones_;
  server::BlockSeries series_;
  server::ChunkSamples chunk_;
  std::vector<Sample> samples_;
  std::vector<server::TimedHistogram> histograms_;
};

}  // namespace firn::tools
