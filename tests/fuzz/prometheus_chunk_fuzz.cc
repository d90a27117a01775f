// A chunk of any bytes of any type is read or is Corruption; floats that are read survive being
// written again.
#include <cstdint>
#include <cstring>
#include <string_view>

#include "base/check.h"
#include "server/codec/prometheus/chunk_reader.h"
#include "server/codec/remote/chunk_writer.h"

using firn::server::ChunkSamples;
using firn::server::ReadChunk;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  ChunkSamples samples;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (!ReadChunk(data[0], bytes, &samples).ok()) return 0;
  FIRN_CHECK(samples.t.size() == samples.v.size() && samples.ht.size() == samples.h.size());
  if (samples.t.empty()) return 0;
  ChunkSamples again;
  const std::string chunk = firn::server::EncodeXorChunk(samples.t, samples.v);
  FIRN_CHECK(ReadChunk(data[0], chunk, &again).ok());
  FIRN_CHECK(again.t == samples.t);
  FIRN_CHECK(std::memcmp(again.v.data(), samples.v.data(), 8 * samples.v.size()) == 0);
  return 0;
}
