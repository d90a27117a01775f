// Samples in the chunk encodings of Prometheus' storage, as its remote read streams them.
#pragma once

#include <span>
#include <string>

#include "base/histogram.h"
#include "base/time.h"

namespace firn::server {

// Readers expect about this many samples in a chunk.
inline constexpr size_t kChunkSamples = 120;

// The encoding of chunks as the protocol numbers them.
enum class ChunkType : uint8_t { kXor = 1, kFloatHistogram = 3 };

// One chunk of floats. REQUIRES: as many times as values, 1 to 65535; times ascend.
std::string EncodeXorChunk(std::span<const TimestampMs> t, std::span<const double> v);
// One chunk of one histogram.
std::string EncodeHistogramChunk(TimestampMs t, const FloatHistogram& h);

}  // namespace firn::server
