#include "engine/db/metadata.h"

#include <string>

#include "base/bytes.h"

namespace firn::engine {
namespace {

std::string Encode(const MetadataEntry& entry) {
  std::string out;
  for (const std::string* part : {&entry.type, &entry.help, &entry.unit}) {
    AppendLengthPrefixed(*part, &out);
  }
  return out;
}

bool Decode(std::string_view metric, std::string_view bytes, MetadataEntry* entry) {
  ByteReader in(bytes);
  entry->metric = metric;
  entry->type = in.LengthPrefixed();
  entry->help = in.LengthPrefixed();
  entry->unit = in.LengthPrefixed();
  return in.ok();
}

}  // namespace

Status StoreMetadata(storage::Store* store, const std::vector<MetadataEntry>& entries) {
  std::vector<std::string> values;
  values.reserve(entries.size());
  for (const MetadataEntry& entry : entries) values.push_back(Encode(entry));
  std::vector<storage::MetadataRecord> records;
  for (size_t i = 0; i < entries.size(); ++i) {
    // Senders repeat themselves every minute; only changes are worth a write.
    const auto known = store->GetMetadata(entries[i].metric);
    if (known.ok() && *known == values[i]) continue;
    records.push_back({.key = entries[i].metric, .bytes = values[i]});
  }
  return records.empty() ? OkStatus() : store->PutMetadata(records);
}

std::vector<MetadataEntry> LoadMetadata(const storage::Store* store, std::string_view metric,
                                        size_t limit) {
  std::vector<MetadataEntry> out;
  MetadataEntry entry;
  if (!metric.empty()) {
    const auto bytes = store->GetMetadata(metric);
    if (bytes.ok() && Decode(metric, *bytes, &entry)) out.push_back(std::move(entry));
    return out;
  }
  const Status status = store->ScanMetadata([&](std::string_view key, std::string_view bytes) {
    if (limit != 0 && out.size() >= limit) return Cancelled("enough");
    if (Decode(key, bytes, &entry)) out.push_back(entry);
    return OkStatus();
  });
  static_cast<void>(status);
  return out;
}

}  // namespace firn::engine
