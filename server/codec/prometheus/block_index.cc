#include "server/codec/prometheus/block_index.h"

#include "base/bytes.h"
#include "server/codec/prometheus/big_endian.h"
#include "server/codec/remote/remote_read.h"

namespace firn::server {

namespace {

constexpr uint32_t kMagic = 0xbaaad700;
constexpr char kVersion = 2;
constexpr size_t kHeaderBytes = 5;
constexpr size_t kContentsEntries = 6;
constexpr size_t kChecksumBytes = 4;
constexpr size_t kContentsBytes = 8 * kContentsEntries + kChecksumBytes;
constexpr uint64_t kSeriesAlignment = 16;

// `size` bytes at `offset` that the four bytes behind them are the checksum of.
Result<std::string_view> Checked(std::string_view bytes, uint64_t offset, uint64_t size) {
  if (offset > bytes.size() || size > bytes.size() - offset ||
      bytes.size() - offset - size < kChecksumBytes) {
    return Corruption("{} bytes at {} reach beyond the end", size, offset);
  }
  const std::string_view body = bytes.substr(offset, size);
  if (Crc32c(body) != ReadBigEndian32(bytes.substr(offset + size))) {
    return Corruption("bytes at {} do not verify", offset);
  }
  return body;
}

}  // namespace

Result<BlockIndex> BlockIndex::Open(std::string_view bytes) {
  if (bytes.size() < kHeaderBytes + kContentsBytes || ReadBigEndian32(bytes) != kMagic) {
    return Corruption("not the index of a block");
  }
  if (bytes[4] != kVersion) {
    return Corruption("index of version {}, only 2 can be read", static_cast<int>(bytes[4]));
  }
  const uint64_t contents_at = bytes.size() - kContentsBytes;
  FIRN_ASSIGN_OR_RETURN(const std::string_view contents,
                        Checked(bytes, contents_at, kContentsBytes - kChecksumBytes));
  ByteReader in(contents);
  const uint64_t symbols = in.BigEndian64();
  BlockIndex index;
  index.bytes_ = bytes;
  index.series_begin_ = in.BigEndian64();
  index.series_end_ = contents_at;
  // Whatever section comes next ends the series.
  while (!in.AtEnd()) {
    const uint64_t offset = in.BigEndian64();
    if (offset > index.series_begin_) index.series_end_ = std::min(index.series_end_, offset);
  }
  if (index.series_begin_ == 0) index.series_begin_ = index.series_end_;
  if (index.series_begin_ > index.series_end_) return Corruption("series begin behind the end");
  FIRN_RETURN_IF_ERROR(index.ReadSymbols(symbols).WithContext("symbols"));
  return index;
}

Status BlockIndex::ReadSymbols(uint64_t offset) {
  constexpr size_t kLengthBytes = 4;
  if (offset == 0) return OkStatus();
  if (offset > bytes_.size() - kContentsBytes) return Corruption("begin behind the end");
  const uint64_t length = ReadBigEndian32(bytes_.substr(offset));
  FIRN_ASSIGN_OR_RETURN(const std::string_view body,
                        Checked(bytes_, offset + kLengthBytes, length));
  ByteReader in(body);
  const uint32_t count = __builtin_bswap32(in.Fixed<uint32_t>());
  if (count > in.remaining()) return Corruption("{} in {} bytes", count, body.size());
  symbols_.reserve(count);
  for (uint32_t i = 0; i < count; ++i) symbols_.push_back(in.LengthPrefixed());
  if (!in.ok()) return Corruption("cut short");
  return OkStatus();
}

Status BlockIndex::Cursor::Read(std::string_view entry, BlockSeries* series) const {
  const auto symbol = [&](uint64_t number, std::string_view* text) {
    if (number >= index_->symbols_.size()) return false;
    *text = index_->symbols_[number];
    return true;
  };
  series->labels.clear();
  series->chunks.clear();
  ByteReader in(entry);
  const uint64_t labels = in.Varint();
  for (uint64_t i = 0; i < labels && in.ok(); ++i) {
    LabelView label;
    const uint64_t name = in.Varint();
    const uint64_t value = in.Varint();
    if (!symbol(name, &label.name) || !symbol(value, &label.value)) {
      return Corruption("a label names a symbol that is not there");
    }
    series->labels.push_back(label);
  }
  const uint64_t chunks = in.Varint();
  BlockChunk last;
  for (uint64_t i = 0; i < chunks && in.ok(); ++i) {
    BlockChunk chunk;
    const uint64_t min = i == 0 ? static_cast<uint64_t>(in.SignedVarint())
                                : static_cast<uint64_t>(last.range.max) + in.Varint();
    const uint64_t length = in.Varint();
    chunk.range = {static_cast<TimestampMs>(min), static_cast<TimestampMs>(min + length)};
    chunk.ref = i == 0 ? in.Varint() : last.ref + static_cast<uint64_t>(in.SignedVarint());
    series->chunks.push_back(chunk);
    last = chunk;
  }
  if (!in.ok() || !in.AtEnd()) return Corruption("an entry does not fit its length");
  return OkStatus();
}

Result<bool> BlockIndex::Cursor::Next(BlockSeries* series) {
  offset_ = (offset_ + kSeriesAlignment - 1) / kSeriesAlignment * kSeriesAlignment;
  if (offset_ >= index_->series_end_) {
    offset_ = index_->series_end_;
    return false;
  }
  series->ref = offset_ / kSeriesAlignment;
  const std::string_view rest = index_->bytes_.substr(offset_, index_->series_end_ - offset_);
  ByteReader in(rest);
  const uint64_t length = in.Varint();
  const uint64_t body = rest.size() - in.remaining();
  Result<std::string_view> entry = Checked(rest, body, length);
  Status status = in.ok() ? entry.status() : Corruption("cut short");
  if (status.ok()) status = Read(*entry, series);
  if (!status.ok()) {
    status = status.WithContext(fmt::format("series at {}", offset_));
    offset_ = index_->series_end_;
    return status;
  }
  offset_ += body + length + kChecksumBytes;
  return true;
}

}  // namespace firn::server
