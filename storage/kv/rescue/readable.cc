#include "storage/kv/rescue/readable.h"

#include <algorithm>
#include <optional>

#include <rocksdb/convenience.h>
#include <rocksdb/db.h>
#include <rocksdb/metadata.h>

#include "storage/kv/rocks_status.h"

namespace firn::storage {
namespace {

// So many bytes behind the common prefix of two keys are compared as a number.
constexpr size_t kDigits = 16;
using Number = unsigned __int128;

Number ToNumber(std::string_view digits) {
  Number number = 0;
  for (size_t i = 0; i < kDigits; ++i) {
    number = number << 8 | (i < digits.size() ? static_cast<uint8_t>(digits[i]) : 0);
  }
  return number;
}

std::string FromNumber(std::string_view prefix, Number number) {
  std::string key(prefix);
  for (size_t i = 0; i < kDigits; ++i) {
    key.push_back(static_cast<char>(static_cast<uint8_t>(number >> (8 * (kDigits - 1 - i)))));
  }
  return key;
}

std::unique_ptr<rocksdb::Iterator> NewIterator(const OpenDb& db, Family family) {
  rocksdb::ReadOptions options = IterateOptions();
  options.fill_cache = false;
  return std::unique_ptr<rocksdb::Iterator>(db.db()->NewIterator(options, db.family(family)));
}

bool Readable(const OpenDb& db, Family family, std::string_view key) {
  // An iterator that has failed once may stay so.
  const auto it = NewIterator(db, family);
  it->Seek({key.data(), key.size()});
  return it->Valid() || it->status().ok();
}

// A key behind all that tables hold.
std::string BehindTables(const OpenDb& db, Family family) {
  rocksdb::ColumnFamilyMetaData meta;
  db.db()->GetColumnFamilyMetaData(db.family(family), &meta);
  std::string largest;
  for (const rocksdb::LevelMetaData& level : meta.levels) {
    for (const rocksdb::SstFileMetaData& file : level.files) {
      largest = std::max(largest, file.largestkey);
    }
  }
  return largest + '\0';
}

// The first key behind `damaged` from which on reading works. None if there is none.
std::optional<std::string> FirstReadable(const OpenDb& db, Family family,
                                         const std::string& damaged) {
  std::string behind = BehindTables(db, family);
  if (behind <= damaged) behind = damaged + '\0';
  if (!Readable(db, family, behind)) return std::nullopt;
  const auto [end, unused] = std::mismatch(
      damaged.begin(),
      damaged.begin() + static_cast<std::ptrdiff_t>(std::min(damaged.size(), behind.size())),
      behind.begin());
  const std::string prefix(damaged.begin(), end);
  Number low = ToNumber(std::string_view(damaged).substr(prefix.size()));
  Number high = ToNumber(std::string_view(behind).substr(prefix.size()));
  if (high <= low) return behind;
  std::string best = behind;
  while (high - low > 1) {
    const Number middle = low + (high - low) / 2;
    std::string key = FromNumber(prefix, middle);
    if (Readable(db, family, key)) {
      high = middle;
      best = std::move(key);
    } else {
      low = middle;
    }
  }
  return best;
}

bool InUse(const OpenDb& db, Family family, const std::string& name) {
  rocksdb::ColumnFamilyMetaData meta;
  db.db()->GetColumnFamilyMetaData(db.family(family), &meta);
  for (const rocksdb::LevelMetaData& level : meta.levels) {
    for (const rocksdb::SstFileMetaData& file : level.files) {
      if (file.name == name) return true;
    }
  }
  return false;
}

}  // namespace

Status ScanReadable(const OpenDb& db, Family family, std::string_view first,
                    const KeyValueVisitor& visit, const StoreReader::GapVisitor& on_gap) {
  std::string position(first);
  while (true) {
    const auto it = NewIterator(db, family);
    for (it->Seek(position); it->Valid(); it->Next()) {
      FIRN_RETURN_IF_ERROR(visit(it->key().ToStringView(), it->value().ToStringView()));
      position = it->key().ToString() + '\0';
    }
    const Status status = FromRocks(it->status(), FamilyName(family));
    if (status.ok()) return OkStatus();
    const std::optional<std::string> next = FirstReadable(db, family, position);
    FIRN_RETURN_IF_ERROR(on_gap(
        {.first = position, .last = next.value_or(""), .error = std::string(status.message())}));
    if (!next) return OkStatus();
    position = *next;
  }
}

Status CheckTables(const OpenDb& db, Family family,
                   const std::function<Status(const TableCheck& table)>& visit) {
  const rocksdb::Options options = db.TableOptions(family);
  rocksdb::ColumnFamilyMetaData meta;
  db.db()->GetColumnFamilyMetaData(db.family(family), &meta);
  for (const rocksdb::LevelMetaData& level : meta.levels) {
    for (const rocksdb::SstFileMetaData& file : level.files) {
      const rocksdb::Status status = rocksdb::VerifySstFileChecksum(
          options, rocksdb::EnvOptions(options), rocksdb::ReadOptions(), file.db_path + file.name,
          file.largest_seqno);
      // What a compaction replaced meanwhile may be gone, or half gone.
      if (!status.ok() && !InUse(db, family, file.name)) continue;
      FIRN_RETURN_IF_ERROR(visit({.file = file.name.substr(1),
                                  .family = std::string(FamilyName(family)),
                                  .bytes = file.size,
                                  .status = FromRocks(status, file.name.substr(1))}));
    }
  }
  return OkStatus();
}

}  // namespace firn::storage
