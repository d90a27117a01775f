// The files of a block, by the first byte: index, chunks, tombstones, meta.json. Any bytes are read
// or are Corruption. Checksums are made right first, else nothing behind them would be met.
#include <cstdint>
#include <cstring>
#include <string>

#include "base/check.h"
#include "server/codec/prometheus/big_endian.h"
#include "server/codec/prometheus/block_files.h"
#include "server/codec/prometheus/block_index.h"
#include "server/codec/remote/remote_read.h"

namespace {

using firn::server::Crc32c;

// Replaces the four bytes at `at` by the checksum of those from `begin` on.
void Fix(size_t begin, size_t at, std::string* bytes) {
  if (at > bytes->size() || bytes->size() - at < 4 || begin > at) return;
  const uint32_t crc =
      __builtin_bswap32(Crc32c(std::string_view(*bytes).substr(begin, at - begin)));
  std::memcpy(bytes->data() + at, &crc, 4);
}

void Index(std::string bytes) {
  constexpr size_t kContentsBytes = 52;
  if (bytes.size() < kContentsBytes) return;
  Fix(bytes.size() - kContentsBytes, bytes.size() - 4, &bytes);
  // Symbols stand first.
  if (bytes.size() > 9) {
    Fix(9, 9 + size_t{firn::server::ReadBigEndian32(std::string_view(bytes).substr(5))}, &bytes);
  }
  const auto index = firn::server::BlockIndex::Open(bytes);
  if (!index.ok()) return;
  firn::server::BlockIndex::Cursor cursor(&*index);
  firn::server::BlockSeries series;
  uint64_t last = 0;
  for (auto found = cursor.Next(&series); found.ok() && *found; found = cursor.Next(&series)) {
    FIRN_CHECK(series.ref > last || last == 0);
    FIRN_CHECK(series.labels.size() <= bytes.size() && series.chunks.size() <= bytes.size());
    last = series.ref;
  }
  FIRN_CHECK(!*cursor.Next(&series));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  std::string bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 4) {
    case 0:
      Index(std::move(bytes));
      break;
    case 1:
      static_cast<void>(firn::server::CheckSegment(bytes));
      for (uint32_t offset = 0; offset < 64; ++offset) {
        const auto chunk = firn::server::FindChunk(bytes, offset);
        if (chunk.ok()) FIRN_CHECK(chunk->data.size() < bytes.size());
      }
      break;
    case 2:
      if (bytes.size() > 8) Fix(5, bytes.size() - 4, &bytes);
      static_cast<void>(firn::server::ReadTombstones(bytes).ok());
      break;
    default:
      static_cast<void>(firn::server::ReadBlockMeta(bytes).ok());
  }
  return 0;
}
