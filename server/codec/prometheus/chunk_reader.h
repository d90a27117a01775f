// Reads chunks in the encodings of Prometheus' storage and of its streamed remote read.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/histogram.h"
#include "base/status.h"
#include "base/time.h"

namespace firn::server {

// Numbers that stand before a chunk's data in Prometheus' files.
enum class StoredChunkType : uint8_t { kXor = 1, kHistogram = 2, kFloatHistogram = 3 };

// Float samples in t/v, histogram samples in ht/h, each in the order of its chunks.
struct ChunkSamples {
  std::vector<TimestampMs> t;
  std::vector<double> v;
  std::vector<TimestampMs> ht;
  std::vector<HistogramPtr> h;

  void Clear() {
    t.clear();
    v.clear();
    ht.clear();
    h.clear();
  }
};

// Appends the samples of one chunk. Corruption for other types, for data that is cut short or has
// times that do not ascend, and for histograms that contradict themselves; then `out` has an
// unspecified part of the chunk. Takes no more memory than the data justifies.
Status ReadChunk(uint8_t type, std::string_view data, ChunkSamples* out);

}  // namespace firn::server
