// Any bytes as a remote read request: no crash. The rest of the input is samples, whose chunk
// must be writable whatever they are.
#include <cstdint>
#include <cstring>

#include "base/sample.h"
#include "server/codec/remote/chunk_writer.h"
#include "server/codec/remote/remote_read.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  (void)firn::server::DecodeReadRequest(bytes).ok();
  std::vector<firn::TimestampMs> t;
  std::vector<double> v;
  for (size_t i = 0; i + sizeof(firn::Sample) <= size && t.size() < 1000;
       i += sizeof(firn::Sample)) {
    firn::Sample sample;
    std::memcpy(&sample, data + i, sizeof(sample));
    t.push_back(sample.t);
    v.push_back(sample.v);
  }
  if (!t.empty()) (void)firn::server::EncodeXorChunk(t, v).size();
  return 0;
}
