#include "server/codec/prometheus/chunk_reader.h"

#include "base/bytes.h"
#include "server/codec/prometheus/histogram_chunk.h"
#include "server/codec/prometheus/xor_reader.h"

namespace firn::server {

namespace {

constexpr size_t kCountBytes = 2;

int64_t ReadDeltaOfDelta(BitReader* in) {
  // By the number of ones in front.
  static constexpr int kWidths[] = {0, 14, 17, 20, 64};
  int ones = 0;
  while (ones < 4 && in->Bit()) ++ones;
  const int width = kWidths[ones];
  const uint64_t bits = in->Bits(width);
  if (width == 0 || width == 64) return static_cast<int64_t>(bits);
  // One more positive number than negative ones.
  const uint64_t half = uint64_t{1} << (width - 1);
  return bits > half ? static_cast<int64_t>(bits) - (int64_t{1} << width)
                     : static_cast<int64_t>(bits);
}

Status ReadXorChunk(std::string_view data, size_t count, ChunkSamples* out) {
  BitReader in(data);
  // A sample after the second takes two bits at least.
  if (count > in.remaining() / 2 + 2) return Corruption("chunk claims {} samples", count);
  XorReader values;
  TimestampMs t = 0;
  uint64_t delta = 0;
  for (size_t i = 0; i < count; ++i) {
    const TimestampMs last = t;
    if (i == 0) {
      t = UnZigZag(in.Varint());
    } else {
      delta = i == 1 ? in.Varint() : delta + static_cast<uint64_t>(ReadDeltaOfDelta(&in));
      t = static_cast<TimestampMs>(static_cast<uint64_t>(t) + delta);
    }
    const double v = i == 0 ? values.First(&in) : values.Next(&in);
    if (!in.ok() || values.broken()) return Corruption("chunk ends at sample {} of {}", i, count);
    if (i > 0 && t <= last) return Corruption("times of a chunk do not ascend at sample {}", i);
    out->t.push_back(t);
    out->v.push_back(v);
  }
  return OkStatus();
}

}  // namespace

Status ReadChunk(uint8_t type, std::string_view data, ChunkSamples* out) {
  if (data.size() < kCountBytes) return Corruption("chunk without a header");
  const auto high = static_cast<unsigned char>(data[0]);
  const auto low = static_cast<unsigned char>(data[1]);
  const size_t count = static_cast<size_t>(high) << 8 | low;
  data.remove_prefix(kCountBytes);
  switch (static_cast<StoredChunkType>(type)) {
    case StoredChunkType::kXor:
      return ReadXorChunk(data, count, out);
    case StoredChunkType::kHistogram:
      return ReadHistogramChunk(data, count, out);
    case StoredChunkType::kFloatHistogram:
      return ReadFloatHistogramChunk(data, count, out);
  }
  return Corruption("unknown chunk type {}", type);
}

}  // namespace firn::server
