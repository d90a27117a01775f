#include "engine/db/integrity/catalog_contents.h"

#include <set>
#include <string>

#include "base/bytes.h"
#include "base/labels.h"
#include "engine/tier/merge/tombstone.h"
#include "storage/page/check/window_check.h"
#include "storage/page/window_reader.h"

namespace firn::engine {
namespace {

using storage::RecordKind;

constexpr std::string_view kRetentionTimeKey = "retention_time";
constexpr std::string_view kNextSeriesKey = "next_series";

// Of records that are neither windows nor tiers.
Status CheckOther(std::string_view key, std::string_view value) {
  if (key.starts_with(kTombstonePrefix)) return DecodeTombstone(value).status();
  ByteReader in(value);
  if (key == kRetentionTimeKey) in.Fixed<TimestampMs>();
  if (key == kNextSeriesKey) in.Varint();
  return in.ok() ? OkStatus() : Corruption("cut short");
}

// Keys of pages end with the generation in 32 bits, and know nothing of the end.
std::string PagesOf(const storage::WindowId& id) { return storage::WindowKeys(id).first; }

void Decode(std::string_view key, std::string_view value, CatalogContents* contents,
            StoreHealth* health) {
  Status status;
  if (key.starts_with(kWindowRecordPrefix)) {
    auto record = DecodeWindowRecord(value);
    status = record.status();
    if (record.ok()) contents->windows.push_back(*std::move(record));
  } else if (key.starts_with(kTierRecordPrefix)) {
    auto record = DecodeTierRecord(value);
    status = record.status();
    if (record.ok()) contents->tiers.push_back(*std::move(record));
  } else {
    status = CheckOther(key, value);
    if (status.ok()) contents->others.emplace_back(key, value);
  }
  if (!status.ok()) {
    health->damage.push_back(
        fmt::format("catalog record {}: {}", QuoteGo(std::string(key)), status.message()));
  }
}

// What the root page says. Deletions apply to all of it, since those that came before its
// samples are not known any more.
Result<WindowRecord> RecordFromPages(const storage::StoreReader& reader, storage::WindowId id) {
  FIRN_ASSIGN_OR_RETURN(const storage::WindowId stated, storage::ReadRootId(*reader.Pages(), id));
  FIRN_ASSIGN_OR_RETURN(const auto window, storage::WindowReader::Open(reader.Pages(), stated));
  WindowRecord record;
  record.id = stated;
  record.summary = window->summary();
  record.order = stated.generation;
  record.disk_bytes = record.summary.bytes;
  return record;
}

}  // namespace

Result<CatalogContents> ReadCatalog(const storage::StoreReader& reader, StoreHealth* health) {
  CatalogContents contents;
  const size_t damage_before = health->damage.size();
  FIRN_RETURN_IF_ERROR(reader.Scan(
      RecordKind::kCatalog,
      [&](std::string_view key, std::string_view value) {
        Decode(key, value, &contents, health);
        return OkStatus();
      },
      [&](const storage::RecordGap& gap) {
        const bool deletions = gap.first < TombstoneKey(~uint64_t{0}) &&
                               (gap.last.empty() || gap.last > kTombstonePrefix);
        health->damage.push_back(fmt::format(
            "catalog records from {} to {}{}: {}", QuoteGo(gap.first), QuoteGo(gap.last),
            deletions ? " (deletions among them are undone)" : "", gap.error));
        return OkStatus();
      }));
  const bool damaged = health->damage.size() > damage_before;
  std::set<std::string> known;
  std::vector<storage::WindowId> ids;
  for (const WindowRecord& record : contents.windows) ids.push_back(record.id);
  for (const TierRecord& record : contents.tiers) ids.push_back(record.id);
  for (const storage::WindowId& id : ids) known.insert(PagesOf(id));
  for (const storage::WindowId& id : storage::FindWindows(*reader.Pages(), ids)) {
    if (known.contains(PagesOf(id))) continue;
    const std::string name =
        fmt::format("tier {} window {} generation {}", id.tier, UtcText(id.start), id.generation);
    if (!damaged) {
      // A publication that a crash cut off leaves such pages.
      health->notes.push_back(fmt::format("{}: pages without a catalog record", name));
      continue;
    }
    // What a tier was made of is in its record only; it can be made anew, or not be used.
    if (id.tier == 0) {
      auto record = RecordFromPages(reader, id);
      if (record.ok()) {
        contents.found.push_back(*std::move(record));
        continue;
      }
    }
    health->damage.push_back(fmt::format("{}: its catalog record is lost", name));
  }
  return contents;
}

}  // namespace firn::engine
