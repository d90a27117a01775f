// Builds files of Prometheus' storage.
#pragma once

#include <bit>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "server/codec/remote/remote_read.h"

namespace firn::server {

inline void AppendBigEndian32(uint32_t value, std::string* out) {
  AppendFixed(__builtin_bswap32(value), out);
}
inline std::string WithChecksum(std::string bytes) {
  const uint32_t crc = Crc32c(bytes);
  AppendBigEndian32(crc, &bytes);
  return bytes;
}

struct TestChunk {
  int64_t min;
  int64_t max;
  uint64_t ref;
};

struct TestSeries {
  std::vector<uint32_t> symbols;  // Name and value in turn.
  std::vector<TestChunk> chunks;
};

inline std::string EncodeEntry(const TestSeries& series) {
  std::string entry;
  AppendVarint(series.symbols.size() / 2, &entry);
  for (const uint32_t symbol : series.symbols) AppendVarint(symbol, &entry);
  AppendVarint(series.chunks.size(), &entry);
  for (size_t i = 0; i < series.chunks.size(); ++i) {
    const TestChunk& chunk = series.chunks[i];
    if (i == 0) {
      AppendSignedVarint(chunk.min, &entry);
    } else {
      AppendVarint(static_cast<uint64_t>(chunk.min - series.chunks[i - 1].max), &entry);
    }
    AppendVarint(static_cast<uint64_t>(chunk.max - chunk.min), &entry);
    if (i == 0) {
      AppendVarint(chunk.ref, &entry);
    } else {
      AppendSignedVarint(static_cast<int64_t>(chunk.ref - series.chunks[i - 1].ref), &entry);
    }
  }
  return entry;
}

// Symbols and series of an index of version 2, without the sections that nobody reads here.
inline std::string EncodeIndex(const std::vector<std::string>& symbols,
                               const std::vector<TestSeries>& series) {
  std::string file("\xba\xaa\xd7\x00\x02", 5);
  const uint64_t symbols_at = file.size();
  std::string body;
  AppendBigEndian32(static_cast<uint32_t>(symbols.size()), &body);
  for (const std::string& symbol : symbols) AppendLengthPrefixed(symbol, &body);
  AppendBigEndian32(static_cast<uint32_t>(body.size()), &file);
  file += WithChecksum(body);
  file.resize((file.size() + 15) / 16 * 16);
  const uint64_t series_at = file.size();
  for (const TestSeries& s : series) {
    file.resize((file.size() + 15) / 16 * 16);
    const std::string entry = EncodeEntry(s);
    AppendVarint(entry.size(), &file);
    file += WithChecksum(entry);
  }
  const uint64_t end = file.size();
  std::string contents;
  for (const uint64_t offset :
       {symbols_at, series_at, end, uint64_t{0}, uint64_t{0}, uint64_t{0}}) {
    AppendBigEndian64(offset, &contents);
  }
  return file + WithChecksum(contents);
}

}  // namespace firn::server
