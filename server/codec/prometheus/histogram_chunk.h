// Chunks of histograms, behind the count of their samples. Internal to server/codec.
#pragma once

#include <cstddef>
#include <string_view>

#include "server/codec/prometheus/chunk_reader.h"

namespace firn::server {

// Of whole numbers: differences of differences.
Status ReadHistogramChunk(std::string_view data, size_t count, ChunkSamples* out);
// Of floats: each field as XOR values are stored.
Status ReadFloatHistogramChunk(std::string_view data, size_t count, ChunkSamples* out);

}  // namespace firn::server
