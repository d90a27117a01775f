#include "engine/tier/tier_record.h"

#include <algorithm>
#include <utility>

#include "base/bytes.h"

namespace firn::engine {
namespace {

constexpr uint8_t kVersion = 2;
constexpr size_t kSourceBytesMin = 4;

}  // namespace

void SortSources(std::vector<TierSource>* sources) {
  std::sort(sources->begin(), sources->end(), [](const TierSource& a, const TierSource& b) {
    return std::pair(a.start, a.generation) < std::pair(b.start, b.generation);
  });
}

std::string TierRecordKey(const storage::WindowId& id) {
  std::string key(kTierRecordPrefix);
  AppendFixed(id.tier, &key);
  AppendOrdered64(id.start, &key);
  AppendBigEndian64(id.generation, &key);
  return key;
}

std::string EncodeTierRecord(const TierRecord& record) {
  std::string out;
  AppendFixed(kVersion, &out);
  AppendFixed(record.id.tier, &out);
  AppendFixed(record.id.start, &out);
  AppendFixed(record.id.end, &out);
  AppendVarint(record.id.generation, &out);
  AppendSignedVarint(record.resolution, &out);
  AppendVarint(record.summary.series, &out);
  AppendVarint(record.summary.bytes, &out);
  AppendFixed(record.summary.min_t, &out);
  AppendFixed(record.summary.max_t, &out);
  AppendVarint(record.sources.size(), &out);
  for (const TierSource& source : record.sources) {
    AppendSignedVarint(source.start, &out);
    AppendSignedVarint(source.end, &out);
    AppendVarint(source.generation, &out);
    AppendVarint(source.samples, &out);
  }
  AppendVarint(record.tombstones, &out);
  return out;
}

Result<TierRecord> DecodeTierRecord(std::string_view bytes) {
  ByteReader in(bytes);
  const auto version = in.Fixed<uint8_t>();
  if (version < 1 || version > kVersion) {
    return Corruption("tier record of version {}, known are 1 to {}", version, kVersion);
  }
  TierRecord record;
  record.id.tier = in.Fixed<uint8_t>();
  record.id.start = in.Fixed<TimestampMs>();
  record.id.end = in.Fixed<TimestampMs>();
  record.id.generation = static_cast<uint32_t>(in.Varint());
  record.resolution = in.SignedVarint();
  record.summary.series = in.Varint();
  record.summary.bytes = in.Varint();
  record.summary.min_t = in.Fixed<TimestampMs>();
  record.summary.max_t = in.Fixed<TimestampMs>();
  const uint64_t sources = in.Varint();
  if (sources > in.remaining() / kSourceBytesMin) return Corruption("tier record is cut short");
  for (uint64_t i = 0; i < sources; ++i) {
    TierSource source;
    source.start = in.SignedVarint();
    source.end = in.SignedVarint();
    source.generation = static_cast<uint32_t>(in.Varint());
    source.samples = in.Varint();
    record.sources.push_back(source);
  }
  if (version > 1) record.tombstones = in.Varint();
  if (!in.ok() || !in.AtEnd() || record.resolution <= 0) {
    return Corruption("tier record of {} bytes", bytes.size());
  }
  return record;
}

}  // namespace firn::engine
