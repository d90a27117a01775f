#include "engine/tier/window_record.h"

#include "base/bytes.h"

namespace firn::engine {
namespace {

constexpr uint8_t kVersion = 2;
constexpr size_t kCoverBytesMin = 17;

void AppendCovers(const std::vector<JournalCover>& covers, std::string* out) {
  AppendVarint(covers.size(), out);
  for (const JournalCover& cover : covers) {
    AppendFixed(cover.start, out);
    AppendFixed(cover.end, out);
    AppendVarint(cover.journal_end, out);
  }
}

bool ReadCovers(ByteReader* in, std::vector<JournalCover>* out) {
  const uint64_t count = in->Varint();
  if (count > in->remaining() / kCoverBytesMin) return false;
  for (uint64_t i = 0; i < count; ++i) {
    JournalCover cover;
    cover.start = in->Fixed<TimestampMs>();
    cover.end = in->Fixed<TimestampMs>();
    cover.journal_end = in->Varint();
    out->push_back(cover);
  }
  return in->ok();
}

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
  AppendVarint(record.order, &out);
  AppendVarint(record.tombstones, &out);
  AppendVarint(record.disk_bytes, &out);
  AppendFixed<uint8_t>(record.thinned ? 1 : 0, &out);
  AppendCovers(record.journal, &out);
  return out;
}

Result<WindowRecord> DecodeWindowRecord(std::string_view bytes) {
  ByteReader in(bytes);
  const auto version = in.Fixed<uint8_t>();
  if (version < 1 || version > kVersion) {
    return Corruption("window record of version {}, known are 1 to {}", version, kVersion);
  }
  bool ok = true;
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
  if (version == 1) {
    record.order = record.id.generation;
    record.disk_bytes = record.summary.bytes;
    record.journal = {{record.id.start, record.id.end, in.Varint()}};
  } else {
    record.order = in.Varint();
    record.tombstones = in.Varint();
    record.disk_bytes = in.Varint();
    record.thinned = in.Fixed<uint8_t>() != 0;
    ok = ReadCovers(&in, &record.journal);
  }
  if (!ok || !in.ok() || !in.AtEnd()) return Corruption("window record of {} bytes", bytes.size());
  return record;
}

}  // namespace firn::engine
