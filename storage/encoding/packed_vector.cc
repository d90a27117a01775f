#include "storage/encoding/packed_vector.h"

#include <algorithm>
#include <cstring>

#include "base/check.h"
#include "storage/encoding/bit_packing.h"
#include "storage/encoding/column_codec.h"

namespace firn::storage {
namespace {

constexpr unsigned char kPatched = 0x80;

int PositionWidth(size_t n) { return std::bit_width(n - 1); }
size_t VarintBytes(uint64_t value) {
  return (static_cast<size_t>(std::bit_width(value | 1)) + 6) / 7;
}

// Unpacks in place if the bytes behind may be read, else from a copy with slack.
bool ReadBits(ByteReader* in, size_t n, int width, uint64_t* out) {
  const size_t size = PackedBytes(n, width);
  const bool has_slack = in->remaining() >= size + kUnpackReadSlack;
  const std::string_view bytes = in->Bytes(size);
  if (!in->ok()) return false;
  if (has_slack) {
    Unpack(bytes.data(), n, width, out);
    return true;
  }
  std::array<char, kColumnBlockMax * sizeof(uint64_t) + kUnpackReadSlack> copy;
  std::memcpy(copy.data(), bytes.data(), size);
  std::memset(copy.data() + size, 0, kUnpackReadSlack);
  Unpack(copy.data(), n, width, out);
  return true;
}

}  // namespace

PackPlan PlanPacking(const WidthCounts& counts, size_t n) {
  PackPlan best;
  if (n == 0) {
    best.bytes = 1;
    return best;
  }
  int widest = 64;
  while (widest > 0 && counts[widest] == 0) --widest;
  best = {.width = widest, .bytes = 1 + PackedBytes(n, widest)};
  const int position_width = PositionWidth(n);
  uint32_t patches = 0;
  for (int width = widest - 1; width >= 0; --width) {
    patches += counts[width + 1];
    const int high_width = widest - width;
    const size_t bytes = 2 + VarintBytes(patches) + PackedBytes(n, width) +
                         PackedBytes(patches, position_width) + PackedBytes(patches, high_width);
    if (bytes < best.bytes) {
      best = {.width = width, .high_width = high_width, .patches = patches, .bytes = bytes};
    }
    if (patches * static_cast<size_t>(position_width) > n * static_cast<size_t>(high_width)) break;
  }
  return best;
}

void AppendPackedVector(std::span<const uint64_t> values, const PackPlan& plan, std::string* out) {
  FIRN_DCHECK(values.size() <= kColumnBlockMax);
  const auto width_byte = static_cast<unsigned char>(plan.width);
  if (plan.patches == 0) {
    out->push_back(static_cast<char>(width_byte));
    return Pack(values, plan.width, out);
  }
  out->push_back(static_cast<char>(width_byte | kPatched));
  AppendVarint(plan.patches, out);
  out->push_back(static_cast<char>(plan.high_width));
  Pack(values, plan.width, out);
  std::array<uint64_t, kColumnBlockMax> positions;
  std::array<uint64_t, kColumnBlockMax> highs;
  size_t patches = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    if (const uint64_t high = values[i] >> plan.width; high != 0) {
      positions[patches] = i;
      highs[patches++] = high;
    }
  }
  FIRN_DCHECK(patches == plan.patches);
  Pack({positions.data(), patches}, PositionWidth(values.size()), out);
  Pack({highs.data(), patches}, plan.high_width, out);
}

void AppendPackedVector(std::span<const uint64_t> values, std::string* out) {
  WidthCounts counts;
  for (const uint64_t value : values) counts.Add(value);
  AppendPackedVector(values, PlanPacking(counts, values.size()), out);
}

bool ReadPackedVector(ByteReader* in, size_t n, uint64_t* out) {
  const auto head = in->Fixed<unsigned char>();
  const int width = head & ~kPatched;
  if (!in->ok() || width > 64) return false;
  if ((head & kPatched) == 0) return ReadBits(in, n, width, out);
  const uint64_t patches = in->Varint();
  const int high_width = in->Fixed<unsigned char>();
  if (!in->ok() || patches > n || patches == 0 || high_width == 0 || width + high_width > 64) {
    return false;
  }
  std::array<uint64_t, kColumnBlockMax + kUnpackWriteSlack> positions;
  std::array<uint64_t, kColumnBlockMax + kUnpackWriteSlack> highs;
  if (!ReadBits(in, n, width, out) || !ReadBits(in, patches, PositionWidth(n), positions.data()) ||
      !ReadBits(in, patches, high_width, highs.data())) {
    return false;
  }
  for (size_t i = 0; i < patches; ++i) {
    if (positions[i] >= n) return false;
    out[positions[i]] |= highs[i] << width;
  }
  return true;
}

}  // namespace firn::storage
