#include "tools/move/source/prometheus_source.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/hash.h"
#include "tools/move/source/block_reader.h"
#include "tools/move/source/wal_reader.h"

namespace firn::tools {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view kWal = "wal";
constexpr size_t kSamplesPerPart = 20'000;

struct Block {
  std::string path;
  server::BlockMeta meta;
  uint64_t index_bytes = 0;
};

// Counts what goes through.
class Counter : public server::WriteVisitor {
 public:
  explicit Counter(server::WriteVisitor* next) : next_(*next) {}
  Status OnSeries(const server::WriteSeries& series) override {
    samples += series.samples.size() + series.histograms.size();
    return next_.OnSeries(series);
  }
  Status OnMetadata(const server::WriteMetadata& metadata) override {
    return next_.OnMetadata(metadata);
  }
  Status OnUnreadableSeries(const Status& problem, size_t lost) override {
    return next_.OnUnreadableSeries(problem, lost);
  }

  size_t samples = 0;

 private:
  server::WriteVisitor& next_;
};

// Complete blocks by time. What Prometheus has begun or is deleting has names of another kind.
Result<std::vector<Block>> FindBlocks(const std::string& path) {
  constexpr size_t kUlidLength = 26;
  std::vector<Block> blocks;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(path, error)) {
    if (entry.path().filename().string().size() != kUlidLength) continue;
    std::ifstream file(entry.path() / "meta.json", std::ios::binary);
    if (!file) continue;
    std::stringstream text;
    text << file.rdbuf();
    auto meta = server::ReadBlockMeta(text.str());
    if (!meta.ok()) return meta.status().WithContext(entry.path().string());
    Block block{entry.path(), *std::move(meta)};
    block.index_bytes = fs::file_size(entry.path() / "index", error);
    if (error) return Io("{}/index: {}", block.path, error.message());
    blocks.push_back(std::move(block));
  }
  if (error) return NotFound("{}: {}", path, error.message());
  std::sort(blocks.begin(), blocks.end(), [](const Block& a, const Block& b) {
    return std::pair(a.meta.range.min, a.meta.ulid) < std::pair(b.meta.range.min, b.meta.ulid);
  });
  return blocks;
}

class PrometheusSource : public ImportSource {
 public:
  PrometheusSource(const PrometheusSourceOptions& options, std::vector<Block> blocks,
                   server::WriteVisitor* visitor)
      : options_(options), blocks_(std::move(blocks)), counter_(visitor) {
    for (const Block& block : blocks_) total_ += block.index_bytes;
  }

  Result<bool> Next() override {
    counter_.samples = 0;
    while (counter_.samples < kSamplesPerPart) {
      if (next_ < blocks_.size()) {
        FIRN_RETURN_IF_ERROR(StepBlock());
        continue;
      }
      FIRN_ASSIGN_OR_RETURN(const bool more, StepWal());
      if (!more) return counter_.samples > 0;
    }
    return true;
  }

  // The log begins anew after an interruption: reading it is quick, and what it holds twice is
  // dropped.
  std::string position() const override {
    if (next_ >= blocks_.size()) return std::string(kWal);
    return fmt::format("{} {}", blocks_[next_].meta.ulid, block_ ? block_->position() : seek_);
  }

  Status Resume(std::string_view position) override {
    const std::string_view name = position.substr(0, position.find(' '));
    if (name == kWal) {
      for (const Block& block : blocks_) done_ += block.index_bytes;
      next_ = blocks_.size();
      return OkStatus();
    }
    for (; next_ < blocks_.size() && blocks_[next_].meta.ulid != name; ++next_) {
      done_ += blocks_[next_].index_bytes;
    }
    const std::string_view offset = position.substr(std::min(position.size(), name.size() + 1));
    const auto [end, error] = std::from_chars(offset.data(), offset.data() + offset.size(), seek_);
    if (next_ == blocks_.size() || error != std::errc() || end != offset.data() + offset.size()) {
      return InvalidArgument("{}: no position in {}", position, options_.path);
    }
    return OkStatus();
  }

  std::string identity() const override {
    std::string blocks;
    for (const Block& block : blocks_) blocks += block.meta.ulid;
    std::error_code ignored;
    return fmt::format("{} {} blocks {:016x}", fs::absolute(options_.path, ignored).string(),
                       blocks_.size(), Xxh3(blocks));
  }

  SourceProgress progress() const override {
    uint64_t done = done_ + (block_ ? block_->position() : 0);
    uint64_t total = total_;
    if (wal_) {
      done += wal_->position();
      total += wal_->size();
    }
    return {.done = done, .total = total, .bytes = false};
  }

 private:
  // One series, or what is between blocks.
  Status StepBlock() {
    if (block_ == nullptr) {
      const Block& block = blocks_[next_];
      if (!options_.selection.range.Overlaps({block.meta.range.min, block.meta.range.max - 1})) {
        EndBlock();
        return OkStatus();
      }
      auto opened = BlockReader::Open(block.path);
      if (!opened.ok()) return Skip(opened.status(), block.meta.samples);
      block_ = *std::move(opened);
      block_->Seek(seek_);
    }
    const auto found = block_->Next(options_.selection, &counter_);
    if (found.status().code() == StatusCode::kCorruption) return Skip(found.status(), 1);
    if (!found.ok()) return found.status();
    if (!*found) EndBlock();
    return OkStatus();
  }

  Status Skip(const Status& damage, size_t samples) {
    if (damage.code() != StatusCode::kCorruption && damage.code() != StatusCode::kNotFound) {
      return damage;
    }
    EndBlock();
    return counter_.OnUnreadableSeries(damage, samples);
  }

  void EndBlock() {
    done_ += blocks_[next_].index_bytes;
    ++next_;
    block_.reset();
    seek_ = 0;
  }

  Result<bool> StepWal() {
    if (wal_ended_) return false;
    if (wal_ == nullptr) {
      WalReaderOptions wal{.path = options_.path + "/wal", .selection = options_.selection};
      for (const Block& block : blocks_) {
        wal.min_time = std::max(wal.min_time, block.meta.range.max);
      }
      auto opened = WalReader::Open(wal, &counter_);
      wal_ended_ = !opened.ok();
      if (opened.status().code() == StatusCode::kNotFound) return false;
      if (!opened.ok()) return opened.status();
      wal_ = *std::move(opened);
    }
    FIRN_ASSIGN_OR_RETURN(const bool more, wal_->Next());
    wal_ended_ = !more;
    return more;
  }

  const PrometheusSourceOptions options_;
  const std::vector<Block> blocks_;
  Counter counter_;
  size_t next_ = 0;  // Of the blocks.
  std::unique_ptr<BlockReader> block_;
  std::unique_ptr<WalReader> wal_;
  bool wal_ended_ = false;
  uint64_t seek_ = 0;
  uint64_t done_ = 0;
  uint64_t total_ = 0;
};

}  // namespace

Result<std::unique_ptr<ImportSource>> OpenPrometheusSource(const PrometheusSourceOptions& options,
                                                           server::WriteVisitor* visitor) {
  FIRN_ASSIGN_OR_RETURN(std::vector<Block> blocks, FindBlocks(options.path));
  std::error_code ignored;
  if (blocks.empty() && !fs::is_directory(options.path + "/wal", ignored)) {
    return NotFound("{}: neither blocks nor a write-ahead log of Prometheus", options.path);
  }
  return std::make_unique<PrometheusSource>(options, std::move(blocks), visitor);
}

}  // namespace firn::tools
