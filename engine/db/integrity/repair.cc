#include "engine/db/integrity/repair.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>

#include "engine/db/integrity/catalog_contents.h"
#include "engine/db/integrity/record_check.h"
#include "engine/db/integrity/window_copy.h"
#include "engine/tier/merge/tombstone.h"
#include "storage/kv/rescue/store_reader.h"

namespace firn::engine {
namespace {

namespace fs = std::filesystem;
using storage::RecordKind;

constexpr size_t kImportBytes = 1 << 20;
constexpr std::string_view kDraftSuffix = ".partial";
constexpr std::string_view kBeforeSuffix = ".before-repair";

// Records on their way into a store, many at a time.
class Importer {
 public:
  explicit Importer(storage::Store* store) : store_(store) {}

  Status Add(RecordKind kind, std::string_view key, std::string_view value) {
    if (kind != kind_ || bytes_ > kImportBytes) FIRN_RETURN_IF_ERROR(Flush());
    kind_ = kind;
    bytes_ += key.size() + value.size();
    records_.push_back({std::string(key), std::string(value)});
    return OkStatus();
  }
  Status Flush() {
    const Status status = records_.empty() ? OkStatus() : store_->Import(kind_, records_);
    records_.clear();
    bytes_ = 0;
    return status;
  }

 private:
  storage::Store* const store_;
  RecordKind kind_ = RecordKind::kSeries;
  std::vector<storage::RawRecord> records_;
  size_t bytes_ = 0;
};

class Repairer {
 public:
  Repairer(const storage::StoreReader& reader, storage::Store* store,
           const IntegrityProgress& progress)
      : reader_(reader), store_(store), progress_(progress) {}

  Result<StoreHealth> Run() {
    health_.damage = reader_.damage();
    FIRN_ASSIGN_OR_RETURN(CatalogContents catalog, ReadCatalog(reader_, &health_));
    FIRN_RETURN_IF_ERROR(CopyWindows(&catalog));
    FIRN_RETURN_IF_ERROR(CopyRecords(catalog));
    FIRN_RETURN_IF_ERROR(store_->SyncImported());
    return std::move(health_);
  }

 private:
  Status CopyWindows(CatalogContents* catalog) {
    uint64_t total = 0;
    for (const WindowRecord& record : catalog->windows) total += record.summary.bytes;
    for (const TierRecord& record : catalog->tiers) total += record.summary.bytes;
    uint64_t done = 0;
    WindowCopier copier(reader_.Pages(), store_, [&](uint64_t bytes) {
      done += bytes;
      if (progress_) progress_("windows", done, 3 * total);
      return OkStatus();
    });
    for (const WindowRecord& record : catalog->found) {
      FIRN_ASSIGN_OR_RETURN(WindowHealth window, copier.CopyRaw(record));
      window.stray.emplace_back("its catalog record was lost and is made anew of the pages");
      health_.windows.push_back(std::move(window));
    }
    for (const WindowRecord& record : catalog->windows) {
      FIRN_ASSIGN_OR_RETURN(WindowHealth window, copier.CopyRaw(record));
      health_.windows.push_back(std::move(window));
    }
    for (const TierRecord& record : catalog->tiers) {
      FIRN_ASSIGN_OR_RETURN(WindowHealth window, copier.CopyTier(record));
      health_.windows.push_back(std::move(window));
    }
    const bool deletions =
        std::any_of(catalog->others.begin(), catalog->others.end(),
                    [](const auto& record) { return record.first.starts_with(kTombstonePrefix); });
    // The journal brings back what it still holds of windows that are gone, but must not bring
    // back what was deleted.
    return deletions ? copier.KeepCoversOfDropped() : OkStatus();
  }

  Status CopyRecords(const CatalogContents& catalog) {
    std::vector<storage::CatalogChange> changes;
    for (const auto& [key, value] : catalog.others) changes.push_back({key, value});
    FIRN_RETURN_IF_ERROR(store_->PutCatalog(changes));
    FIRN_RETURN_IF_ERROR(store_->TruncateJournal(reader_.first_journal_number()));
    Importer importer(store_);
    FIRN_RETURN_IF_ERROR(CheckRecords(
        reader_,
        [&](RecordKind kind, std::string_view key, std::string_view value) {
          if (progress_ && ++records_ % 1024 == 0) progress_("records", 0, 0);
          return importer.Add(kind, key, value);
        },
        &health_));
    return importer.Flush();
  }

  const storage::StoreReader& reader_;
  storage::Store* const store_;
  const IntegrityProgress& progress_;
  StoreHealth health_;
  uint64_t records_ = 0;
};

Status SyncDirectory(const fs::path& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return Io("{}: {}", path.string(), std::strerror(errno));
  const bool synced = ::fsync(fd) == 0;
  const int error = errno;
  ::close(fd);
  return synced ? OkStatus() : Io("{}: {}", path.string(), std::strerror(error));
}

Status Move(const fs::path& from, const fs::path& to) {
  std::error_code error;
  fs::rename(from, to, error);
  if (error) return Io("{} to {}: {}", from.string(), to.string(), error.message());
  return SyncDirectory(fs::absolute(to).lexically_normal().parent_path());
}

// Without the slashes at its end, so that a suffix makes a sibling.
fs::path Normal(const std::string& path) {
  fs::path normal = fs::absolute(path).lexically_normal();
  return normal.has_filename() ? normal : normal.parent_path();
}

Result<StoreHealth> Fill(const RepairOptions& options, const std::string& draft) {
  storage::StoreOptions source;
  source.path = options.source;
  source.create_if_missing = false;
  FIRN_ASSIGN_OR_RETURN(const auto reader, storage::StoreReader::Open(source));
  storage::StoreOptions target;
  target.path = draft;
  target.ack = storage::AckMode::kWrite;
  FIRN_ASSIGN_OR_RETURN(const auto store, storage::Store::Open(target));
  FIRN_ASSIGN_OR_RETURN(StoreHealth health, Repairer(*reader, store.get(), options.progress).Run());
  FIRN_RETURN_IF_ERROR(store->Close());
  return health;
}

}  // namespace

Result<StoreHealth> RepairStore(const RepairOptions& options) {
  const fs::path target = Normal(options.target);
  std::error_code error;
  if (fs::exists(target, error) && !fs::is_empty(target, error)) {
    return InvalidArgument("{} exists and is not empty", target.string());
  }
  const std::string draft = target.string() + std::string(kDraftSuffix);
  fs::remove_all(draft, error);
  Result<StoreHealth> health = Fill(options, draft);
  Status status = health.status();
  if (status.ok()) status = Move(draft, target);
  if (!status.ok()) {
    fs::remove_all(draft, error);
    return status;
  }
  return health;
}

Result<StoreHealth> RepairInPlace(const std::string& path, const IntegrityProgress& progress) {
  const fs::path here = Normal(path);
  const std::string before = here.string() + std::string(kBeforeSuffix);
  const std::string repaired = here.string() + ".repaired";
  if (fs::exists(before)) return InvalidArgument("{} exists: move it away first", before);
  FIRN_ASSIGN_OR_RETURN(
      StoreHealth health,
      RepairStore({.source = here.string(), .target = repaired, .progress = progress}));
  std::error_code error;
  if (health.ok()) {
    fs::remove_all(repaired, error);
    return health;
  }
  FIRN_RETURN_IF_ERROR(Move(here, before));
  FIRN_RETURN_IF_ERROR(Move(repaired, here));
  return health;
}

}  // namespace firn::engine
