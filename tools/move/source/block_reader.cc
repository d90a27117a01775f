#include "tools/move/source/block_reader.h"

#include <algorithm>

namespace firn::tools {

Result<std::unique_ptr<BlockReader>> BlockReader::Open(const std::string& path) {
  std::unique_ptr<BlockReader> block(new BlockReader(path));
  FIRN_ASSIGN_OR_RETURN(block->index_file_, MappedFile::Open(path + "/index"));
  auto index = server::BlockIndex::Open(block->index_file_.bytes());
  if (!index.ok()) return index.status().WithContext(path + "/index");
  block->index_ = *std::move(index);
  block->cursor_.emplace(&*block->index_);
  const auto tombstones = MappedFile::Open(path + "/tombstones");
  if (tombstones.status().code() == StatusCode::kNotFound) return block;
  if (!tombstones.ok()) return tombstones.status();
  auto read = server::ReadTombstones(tombstones->bytes());
  if (!read.ok()) return read.status().WithContext(path + "/tombstones");
  for (const server::BlockTombstone& tombstone : *read) {
    block->tombstones_[tombstone.series].push_back(tombstone.range);
  }
  return block;
}

Result<std::string_view> BlockReader::Segment(uint64_t number) {
  const auto known = segments_.find(number);
  if (known != segments_.end()) return known->second.bytes();
  // Files are counted from 1, references from 0.
  FIRN_ASSIGN_OR_RETURN(MappedFile file,
                        MappedFile::Open(fmt::format("{}/chunks/{:06}", path_, number + 1)));
  FIRN_RETURN_IF_ERROR(server::CheckSegment(file.bytes()));
  return segments_.emplace(number, std::move(file)).first->second.bytes();
}

Status BlockReader::ReadChunk(const server::BlockChunk& chunk) {
  FIRN_ASSIGN_OR_RETURN(const std::string_view segment, Segment(chunk.ref >> 32));
  FIRN_ASSIGN_OR_RETURN(const server::StoredChunk stored,
                        server::FindChunk(segment, static_cast<uint32_t>(chunk.ref)));
  chunk_.Clear();
  FIRN_RETURN_IF_ERROR(server::ReadChunk(stored.type, stored.data, &chunk_));
  for (size_t i = 0; i < chunk_.t.size(); ++i) samples_.push_back({chunk_.t[i], chunk_.v[i]});
  for (size_t i = 0; i < chunk_.ht.size(); ++i) {
    histograms_.push_back({chunk_.ht[i], std::move(chunk_.h[i]), 0});
  }
  return OkStatus();
}

void BlockReader::Trim(const TimeRange& range) {
  const auto tombstones = tombstones_.find(series_.ref);
  const auto hidden = [&](const auto& item) {
    if (!range.Contains(item.t)) return true;
    return tombstones != tombstones_.end() &&
           std::any_of(tombstones->second.begin(), tombstones->second.end(),
                       [&](const TimeRange& deleted) { return deleted.Contains(item.t); });
  };
  const bool all = range.min == kMinTimestamp && range.max == kMaxTimestamp;
  if (all && tombstones == tombstones_.end()) return;
  std::erase_if(samples_, hidden);
  std::erase_if(histograms_, hidden);
}

Result<bool> BlockReader::Next(const Selection& selection, server::WriteVisitor* visitor) {
  auto found = cursor_->Next(&series_);
  if (!found.ok()) return found.status().WithContext(path_ + "/index");
  if (!*found) return false;
  if (!selection.Matches(series_.labels)) return true;
  samples_.clear();
  histograms_.clear();
  for (const server::BlockChunk& chunk : series_.chunks) {
    if (!chunk.range.Overlaps(selection.range)) continue;
    const Status status = ReadChunk(chunk);
    if (status.ok()) continue;
    FIRN_RETURN_IF_ERROR(visitor->OnUnreadableSeries(
        status.WithContext(
            fmt::format("{}: chunk from {} to {}", path_, chunk.range.min, chunk.range.max)),
        1));
  }
  Trim(selection.range);
  if (samples_.empty() && histograms_.empty()) return true;
  server::WriteSeries series;
  series.labels = series_.labels;
  series.samples = samples_;
  series.histograms = histograms_;
  FIRN_RETURN_IF_ERROR(visitor->OnSeries(series));
  return true;
}

}  // namespace firn::tools
