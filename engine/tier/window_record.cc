#include "engine/tier/window_record.h"

#include "base/bytes.h"

namespace firn::engine {
namespace {

constexpr uint8_t kVersion = 1;

}  // namespace

std::string WindowRecordKey(const storage::WindowId& id) {
  std::string key(kWindowRecordPrefix);
  AppendFixed(id.tier, &key);
  AppendOrdered64(id.start, &key);
  AppendBigEndian64(id.generation, &key);
  return key;
}

std::string EncodeWindowRecord(const WindowRecord& record) {
  std::string out;
  AppendFixed(kVersion, &out);
  AppendFixed(record.id.tier, &out);
  AppendFixed(record.id.start, &out);
  AppendFixed(record.id.end, &out);
  AppendVarint(record.id.generation, &out);
  AppendVarint(record.summary.series, &out);
  AppendVarint(record.summary.float_samples, &out);
  AppendVarint(record.summary.histogram_samples, &out);
  AppendVarint(record.summary.bytes, &out);
  AppendFixed(record.summary.min_t, &out);
  AppendFixed(record.summary.max_t, &out);
  AppendVarint(record.journal_end, &out);
  return out;
}

Result<WindowRecord> DecodeWindowRecord(std::string_view bytes) {
  ByteReader in(bytes);
  const auto version = in.Fixed<uint8_t>();
  if (version != kVersion) {
    return Corruption("window record of version {}, known is {}", version, kVersion);
  }
  WindowRecord record;
  record.id.tier = in.Fixed<uint8_t>();
  record.id.start = in.Fixed<TimestampMs>();
  record.id.end = in.Fixed<TimestampMs>();
  record.id.generation = static_cast<uint32_t>(in.Varint());
  record.summary.series = in.Varint();
  record.summary.float_samples = in.Varint();
  record.summary.histogram_samples = in.Varint();
  record.summary.bytes = in.Varint();
  record.summary.min_t = in.Fixed<TimestampMs>();
  record.summary.max_t = in.Fixed<TimestampMs>();
  record.journal_end = in.Varint();
  if (!in.ok() || !in.AtEnd()) return Corruption("window record of {} bytes", bytes.size());
  return record;
}

}  // namespace firn::engine
