#include "server/codec/prometheus/block_files.h"

#include <simdjson.h>

#include "base/bytes.h"
#include "server/codec/prometheus/big_endian.h"
#include "server/codec/remote/remote_read.h"

namespace firn::server {

namespace {

constexpr uint32_t kSegmentMagic = 0x85bd40dd;
constexpr uint32_t kTombstonesMagic = 0x0130ba30;
constexpr size_t kSegmentHeaderBytes = 8;
constexpr size_t kChecksumBytes = 4;

}  // namespace

Result<BlockMeta> ReadBlockMeta(std::string_view json) {
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  if (const auto error = parser.parse(json.data(), json.size()).get(root)) {
    return Corruption("meta.json: {}", simdjson::error_message(error));
  }
  int64_t version = 0;
  std::string_view ulid;
  BlockMeta meta;
  if (root["version"].get(version) || version != 1) {
    return Corruption("meta.json: version {}, only 1 can be read", version);
  }
  if (root["ulid"].get(ulid) || root["minTime"].get(meta.range.min) ||
      root["maxTime"].get(meta.range.max)) {
    return Corruption("meta.json: no ulid, minTime or maxTime");
  }
  meta.ulid = ulid;
  // Without figures the block can be read all the same.
  if (root["stats"]["numSamples"].get(meta.samples)) meta.samples = 0;
  if (root["stats"]["numSeries"].get(meta.series)) meta.series = 0;
  return meta;
}

Status CheckSegment(std::string_view segment) {
  if (segment.size() < kSegmentHeaderBytes || ReadBigEndian32(segment) != kSegmentMagic ||
      segment[4] != 1) {
    return Corruption("not a file of chunks of version 1");
  }
  return OkStatus();
}

Result<StoredChunk> FindChunk(std::string_view segment, uint32_t offset) {
  if (offset < kSegmentHeaderBytes || offset >= segment.size()) {
    return Corruption("chunk at {} of {} bytes", offset, segment.size());
  }
  ByteReader in(segment.substr(offset));
  const uint64_t length = in.Varint();
  // The type is not part of the length.
  const std::string_view body = length < segment.size() ? in.Bytes(length + 1) : "";
  const auto checksum = __builtin_bswap32(in.Fixed<uint32_t>());
  if (!in.ok() || body.empty()) return Corruption("chunk at {} is cut short", offset);
  if (checksum != Crc32c(body)) return Corruption("chunk at {} does not verify", offset);
  return StoredChunk{static_cast<uint8_t>(body[0]), body.substr(1)};
}

Result<std::vector<BlockTombstone>> ReadTombstones(std::string_view bytes) {
  constexpr size_t kMagicBytes = 4;
  constexpr size_t kVersionBytes = 1;
  if (bytes.size() < kMagicBytes + kVersionBytes + kChecksumBytes ||
      ReadBigEndian32(bytes) != kTombstonesMagic || bytes[kMagicBytes] != 1) {
    return Corruption("not a file of tombstones of version 1");
  }
  constexpr size_t kHeaderBytes = kMagicBytes + kVersionBytes;
  const std::string_view body =
      bytes.substr(kHeaderBytes, bytes.size() - kHeaderBytes - kChecksumBytes);
  if (Crc32c(body) != ReadBigEndian32(bytes.substr(bytes.size() - kChecksumBytes))) {
    return Corruption("tombstones do not verify");
  }
  std::vector<BlockTombstone> tombstones;
  ByteReader in(body);
  while (!in.AtEnd()) {
    BlockTombstone tombstone;
    tombstone.series = in.Varint();
    tombstone.range.min = in.SignedVarint();
    tombstone.range.max = in.SignedVarint();
    if (!in.ok()) return Corruption("tombstones are cut short");
    tombstones.push_back(tombstone);
  }
  return tombstones;
}

}  // namespace firn::server
