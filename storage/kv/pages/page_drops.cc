#include "storage/kv/pages/page_drops.h"

#include <algorithm>
#include <memory>

#include <rocksdb/convenience.h>
#include <rocksdb/db.h>
#include <rocksdb/metadata.h>
#include <rocksdb/write_batch.h>

#include "base/bytes.h"
#include "storage/kv/rocks_status.h"

namespace firn::storage {

namespace {

constexpr std::string_view kDropPrefix = "drop/";

std::string DropKey(uint64_t id) {
  std::string key(kDropPrefix);
  AppendBigEndian64(id, &key);
  return key;
}

std::string EncodeDrop(const PageDrop& drop) {
  std::string value;
  AppendFixed<uint8_t>(drop.hidden ? 1 : 0, &value);
  AppendLengthPrefixed(drop.range.first, &value);
  AppendLengthPrefixed(drop.range.last, &value);
  return value;
}

Result<PageDrop> DecodeDrop(std::string_view key, std::string_view value) {
  ByteReader id(key.substr(kDropPrefix.size()));
  ByteReader in(value);
  PageDrop drop;
  drop.id = id.BigEndian64();
  drop.hidden = in.Fixed<uint8_t>() != 0;
  drop.range.first = in.LengthPrefixed();
  drop.range.last = in.LengthPrefixed();
  if (!id.ok() || !in.ok() || !in.AtEnd()) return Corruption("record of a dropped page range");
  return drop;
}

bool Overlaps(const KeyRange& range, const KeySpan* batch) {
  return batch != nullptr && batch->first < range.last && range.first <= batch->last;
}

// A key below `end` with hardly any room between them, for picking files.
std::string JustBelow(std::string end) {
  if (end.empty()) return end;
  if (end.back() == '\0') return end.pop_back(), end;
  end.back() = static_cast<char>(static_cast<unsigned char>(end.back()) - 1);
  return end.append(16, '\xff');
}

// How the live page tables lie to a range.
struct TableSurvey {
  bool any_touches = false;
  bool any_straddles = false;  // Holds keys outside too, perhaps.
};

TableSurvey Survey(const OpenDb& db, const KeyRange& range) {
  rocksdb::ColumnFamilyMetaData meta;
  db.db()->GetColumnFamilyMetaData(db.family(kPagesFamily), &meta);
  TableSurvey survey;
  for (const rocksdb::LevelMetaData& level : meta.levels) {
    for (const rocksdb::SstFileMetaData& file : level.files) {
      if (file.largestkey < range.first || file.smallestkey >= range.last) continue;
      survey.any_touches = true;
      survey.any_straddles |= file.smallestkey < range.first || file.largestkey >= range.last;
    }
  }
  return survey;
}

// Sees the memtable too.
Result<bool> HasPages(const OpenDb& db, const KeyRange& range) {
  bool found = false;
  const Status status = ScanFamily(db, kPagesFamily, range.first, range.last,
                                   [&](std::string_view, std::string_view) {
                                     found = true;
                                     return Cancelled("one is enough");
                                   });
  if (!found && !status.ok()) return status;
  return found;
}

}  // namespace

uint64_t ReaderRegistry::Enter(std::optional<KeyRange> range) {
  MutexLock lock(&mutex_);
  live_.emplace(next_, std::move(range));
  return next_++;
}

void ReaderRegistry::Leave(uint64_t ticket) {
  MutexLock lock(&mutex_);
  live_.erase(ticket);
}

uint64_t ReaderRegistry::NextTicket() const {
  MutexLock lock(&mutex_);
  return next_;
}

bool ReaderRegistry::GoneBefore(uint64_t ticket, const KeyRange& range) const {
  MutexLock lock(&mutex_);
  for (const auto& [reader, reads] : live_) {
    if (reader >= ticket) break;
    if (!reads || (reads->first < range.last && range.first < reads->last)) return false;
  }
  return true;
}

Status PageDrops::Load() {
  return ScanFamily(*db_, kOwnFamily, kDropPrefix, PrefixEnd(kDropPrefix),
                    [this](std::string_view key, std::string_view value) -> Status {
                      FIRN_ASSIGN_OR_RETURN(PageDrop drop, DecodeDrop(key, value));
                      next_id_ = drop.id + 1;
                      drops_.push_back(std::move(drop));
                      return OkStatus();
                    });
}

Result<PageDrops::Plan> PageDrops::Prepare(const KeySpan* batch,
                                           const std::vector<KeyRange>& dropped) const {
  Plan plan;
  for (const PageDrop& drop : drops_) {
    if (!drop.hidden || !Overlaps(drop.range, batch)) continue;
    plan.drops.push_back(drop);
  }
  uint64_t id = next_id_;
  for (const KeyRange& range : dropped) {
    plan.drops.push_back({.id = id++, .hidden = true, .range = range, .reader_mark = 0});
  }
  for (PageDrop& drop : plan.drops) {
    drop.hidden = !Overlaps(drop.range, batch);
    if (!drop.hidden) FIRN_RETURN_IF_ERROR(CollectKeys(drop.range, &plan.old_keys));
    plan.records.emplace_back(DropKey(drop.id), EncodeDrop(drop));
  }
  return plan;
}

void PageDrops::Committed(Plan plan) {
  const uint64_t mark = readers_->NextTicket();
  for (PageDrop& drop : plan.drops) {
    const auto known = std::find_if(drops_.begin(), drops_.end(),
                                    [&](const PageDrop& d) { return d.id == drop.id; });
    if (known != drops_.end()) {
      known->hidden = drop.hidden;
      continue;
    }
    drop.reader_mark = mark;
    next_id_ = std::max(next_id_, drop.id + 1);
    drops_.push_back(std::move(drop));
  }
}

std::vector<KeyRange> PageDrops::Hidden() const {
  std::vector<KeyRange> ranges;
  for (const PageDrop& drop : drops_) {
    if (drop.hidden) ranges.push_back(drop.range);
  }
  return ranges;
}

Status PageDrops::Run(bool may_compact) {
  for (auto drop = drops_.begin(); drop != drops_.end();) {
    bool freed = false;
    if (readers_->GoneBefore(drop->reader_mark, drop->range)) {
      FIRN_RETURN_IF_ERROR(writer_->CheckHealth());
      FIRN_ASSIGN_OR_RETURN(freed, Free(*drop, may_compact));
    }
    if (!freed) {
      ++drop;
      continue;
    }
    rocksdb::WriteBatch batch;
    FIRN_RETURN_IF_ERROR(
        FromRocks(batch.Delete(db_->family(kOwnFamily), DropKey(drop->id)), "drop"));
    FIRN_RETURN_IF_ERROR(writer_->Write(&batch));
    drop = drops_.erase(drop);
  }
  return OkStatus();
}

Result<bool> PageDrops::Free(const PageDrop& drop, bool may_compact) {
  TableSurvey survey = Survey(*db_, drop.range);
  if (drop.hidden && survey.any_touches && !survey.any_straddles) {
    const rocksdb::Slice first(drop.range.first);
    const rocksdb::Slice last(drop.range.last);
    FIRN_RETURN_IF_ERROR(
        FromRocks(rocksdb::DeleteFilesInRange(db_->db(), db_->family(kPagesFamily), &first, &last,
                                              /*include_end=*/false),
                  "pages"));
    survey = Survey(*db_, drop.range);
  }
  if (!survey.any_touches) {
    FIRN_ASSIGN_OR_RETURN(const bool has_pages, HasPages(*db_, drop.range));
    if (!drop.hidden || !has_pages) return true;
  }
  if (!may_compact) return false;
  FIRN_RETURN_IF_ERROR(Compact(drop));
  return true;
}

Status PageDrops::CollectKeys(const KeyRange& range, std::set<std::string>* keys) const {
  return ScanFamily(*db_, kPagesFamily, range.first, range.last,
                    [&](std::string_view key, std::string_view) {
                      keys->emplace(key);
                      return OkStatus();
                    });
}

Status PageDrops::Compact(const PageDrop& drop) {
  rocksdb::ColumnFamilyHandle* const pages = db_->family(kPagesFamily);
  const rocksdb::Slice first(drop.range.first);
  if (drop.hidden) {
    rocksdb::WriteBatch batch;
    std::set<std::string> keys;
    FIRN_RETURN_IF_ERROR(CollectKeys(drop.range, &keys));
    for (const std::string& key : keys) {
      FIRN_RETURN_IF_ERROR(FromRocks(batch.Delete(pages, key), "pages"));
    }
    FIRN_RETURN_IF_ERROR(writer_->Write(&batch, /*sync=*/true));
  }
  const std::string inside = JustBelow(drop.range.last);
  const rocksdb::Slice last_inside(inside);
  rocksdb::CompactRangeOptions options;
  options.exclusive_manual_compaction = false;
  options.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForceOptimized;
  return FromRocks(db_->db()->CompactRange(options, pages, &first, &last_inside), "pages");
}

}  // namespace firn::storage
