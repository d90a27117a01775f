#include "storage/kv/store_core.h"

#include <filesystem>
#include <system_error>

#include <rocksdb/cache.h>
#include <rocksdb/convenience.h>
#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/file_system.h>
#include <rocksdb/metadata.h>
#include <rocksdb/statistics.h>
#include <rocksdb/write_batch.h>
#include <spdlog/spdlog.h>

#include "base/bytes.h"
#include "storage/kv/backup/snapshot.h"
#include "storage/kv/events.h"
#include "storage/kv/rescue/directory_lock.h"
#include "storage/kv/rocks_status.h"

namespace firn::storage {

namespace {

constexpr std::string_view kFormatKey = "format";
constexpr uint64_t kFormatVersion = 1;

rocksdb::Env* EnvOf(const StoreOptions& options) {
  return options.env != nullptr ? options.env : rocksdb::Env::Default();
}

Status MakeDirectory(rocksdb::FileSystem* fs, const StoreOptions& options) {
  if (fs->FileExists(options.path, {}, nullptr).ok()) return OkStatus();
  if (!options.create_if_missing) return NotFound("{} does not exist", options.path);
  const std::filesystem::path parent =
      std::filesystem::absolute(options.path).lexically_normal().parent_path();
  std::error_code error;
  std::filesystem::create_directories(parent, error);
  if (error) return Io("{}: {}", parent.string(), error.message());
  FIRN_RETURN_IF_ERROR(FromRocks(fs->CreateDirIfMissing(options.path, {}, nullptr), options.path));
  std::unique_ptr<rocksdb::FSDirectory> directory;
  FIRN_RETURN_IF_ERROR(
      FromRocks(fs->NewDirectory(parent.string(), {}, &directory, nullptr), parent.string()));
  return FromRocks(directory->Fsync({}, nullptr), parent.string());
}

// RocksDB 7.8 ends the process if it runs out of space while it opens, so it is not tried
// without room for what it writes: the log as tables, and a new MANIFEST.
Status CheckRoomToOpen(rocksdb::FileSystem* fs, const std::string& path) {
  constexpr uint64_t kSpare = 1 << 20;
  uint64_t free = 0;
  std::vector<std::string> names;
  if (!fs->GetFreeSpace(path, {}, &free, nullptr).ok()) return OkStatus();
  FIRN_RETURN_IF_ERROR(FromRocks(fs->GetChildren(path, {}, &names, nullptr), path));
  uint64_t needed = kSpare;
  for (const std::string& name : names) {
    if (!name.ends_with(".log") && !name.starts_with("MANIFEST-")) continue;
    uint64_t size = 0;
    if (fs->GetFileSize(path + "/" + name, {}, &size, nullptr).ok()) needed += size;
  }
  if (free >= needed) return OkStatus();
  return Unavailable("{}: the disk is full: {} bytes are free, opening needs {}; nothing is lost",
                     path, free, needed);
}

}  // namespace

Result<std::unique_ptr<StoreCore>> StoreCore::Open(const StoreOptions& options) {
  rocksdb::FileSystem* const fs = EnvOf(options)->GetFileSystem().get();
  FIRN_RETURN_IF_ERROR(MakeDirectory(fs, options));
  DirectoryState directory;
  {
    // RocksDB takes the lock again when it opens. Whoever is quicker in between leaves a
    // directory that still agrees with the guard, or keeps the lock.
    FIRN_ASSIGN_OR_RETURN(auto lock, DirectoryLock::Take(fs, options.path));
    Result<DirectoryState> checked = CheckDirectory(fs, options.path);
    if (checked.ok()) {
      directory = *std::move(checked);
    } else if (checked.status().code() == StatusCode::kNotFound) {
      directory.is_new = true;
      if (!options.create_if_missing) return checked.status();
      FIRN_RETURN_IF_ERROR(GuardFile::Create(fs, options.path, directory.guard));
    } else {
      return checked.status();
    }
  }
  if (directory.is_new && !options.create_if_missing) {
    return NotFound("{} holds no store", options.path);
  }
  FIRN_RETURN_IF_ERROR(CheckRoomToOpen(fs, options.path));
  std::unique_ptr<StoreCore> core(new StoreCore(options));
  FIRN_RETURN_IF_ERROR(core->OpenParts(directory.guard, directory.is_new));
  return core;
}

Status StoreCore::OpenParts(const GuardState& guard, bool is_new) {
  health_ = std::make_shared<Health>(options_.clock);
  guard_ =
      std::make_shared<GuardKeeper>(EnvOf(options_)->GetFileSystem().get(), options_.path, guard);
  const auto gate = std::make_shared<IngestionGate>();
  Result<std::shared_ptr<OpenDb>> db =
      OpenDb::Open(options_, MakeEventListener(health_, guard_, gate));
  if (!db.ok() && db.status().code() == StatusCode::kCorruption) {
    return Corruption("{}; nothing was deleted; restore a backup or run `firn repair`",
                      db.status().message());
  }
  if (!db.ok()) return db.status();
  db_ = *std::move(db);
  const uint64_t recovered = db_->db()->GetLatestSequenceNumber();
  Report(guard, recovered);
  if (recovery_.degraded) guard_->RestartAt(recovered, recovery_.lost_sequences);
  guard_->Arm(true);
  FIRN_RETURN_IF_ERROR(guard_->Record(db_->db()));
  WatchDisk();
  writer_ = std::make_unique<Writer>(db_.get(), health_.get(), guard_.get(), options_.ack);
  if (is_new) {
    rocksdb::WriteBatch batch;
    std::string version;
    AppendFixed<uint64_t>(kFormatVersion, &version);
    FIRN_RETURN_IF_ERROR(
        FromRocks(batch.Put(db_->family(kOwnFamily), kFormatKey, version), kFormatKey));
    FIRN_RETURN_IF_ERROR(writer_->Write(&batch, /*sync=*/true));
  }
  FIRN_RETURN_IF_ERROR(CheckFormat());
  FIRN_ASSIGN_OR_RETURN(journal_, Journal::Open(db_.get(), writer_.get()));
  FIRN_ASSIGN_OR_RETURN(pages_, PageStore::Open(db_, writer_.get(), gate, options_.path));
  return OkStatus();
}

Status StoreCore::CheckFormat() {
  std::string value;
  const rocksdb::Status status = db_->db()->Get({}, db_->family(kOwnFamily), kFormatKey, &value);
  if (status.IsNotFound()) {
    // A process that died while it created the store leaves nothing but an empty one.
    if (db_->db()->GetLatestSequenceNumber() != 0) return Corruption("no format version");
    AppendFixed<uint64_t>(kFormatVersion, &value);
    rocksdb::WriteBatch batch;
    FIRN_RETURN_IF_ERROR(
        FromRocks(batch.Put(db_->family(kOwnFamily), kFormatKey, value), kFormatKey));
    return writer_->Write(&batch, /*sync=*/true);
  }
  FIRN_RETURN_IF_ERROR(FromRocks(status, kFormatKey));
  ByteReader in(value);
  const auto version = in.Fixed<uint64_t>();
  if (!in.ok() || version == 0) return Corruption("format version of {} bytes", value.size());
  if (version > kFormatVersion) {
    return InvalidArgument("{} has format {}, this firn knows up to {}: use a newer one",
                           options_.path, version, kFormatVersion);
  }
  return OkStatus();
}

void StoreCore::Report(const GuardState& guard, uint64_t recovered) {
  recovery_.clean_shutdown = guard.clean;
  recovery_.lost_sequences_total = guard.lost_total;
  if (recovered >= guard.sequence) return;
  recovery_.degraded = true;
  recovery_.lost_sequences = guard.sequence - recovered;
  recovery_.lost_sequences_total += recovery_.lost_sequences;
  recovery_.text = fmt::format(
      "{}: acknowledged writes are missing: {} records after number {} were synced before the "
      "last {}, but the log on disk ends there; restore a backup if they matter",
      options_.path, recovery_.lost_sequences, recovered, guard.clean ? "shutdown" : "crash");
  spdlog::error("store: {}", recovery_.text);
}

StoreCore::~StoreCore() {
  if (db_ == nullptr) return;
  if (pages_ == nullptr) {
    guard_->Arm(false);
    return;  // Opening failed half-way.
  }
  if (Status status = Close(); !status.ok()) spdlog::error("store: {}", status.ToString());
}

void StoreCore::WatchDisk() {
  uint64_t free = 0;
  if (!db_->fs()->GetFreeSpace(options_.path, {}, &free, nullptr).ok()) return;
  std::string why;
  const bool was_low = !health_->AcceptsWrites(&why) && !health_->failed();
  const uint64_t enough =
      options_.min_free_disk_bytes + (was_low ? options_.min_free_disk_bytes / 10 : 0);
  health_->SetDiskLow(free >= enough ? ""
                                     : fmt::format("only {} bytes of disk are free, {} are kept",
                                                   free, options_.min_free_disk_bytes));
}

// RocksDB 7.8 waits for ever in Resume if the flush within runs out of space once more, so
// what the memtables hold must fit with room to spare.
bool StoreCore::RoomToResume() const {
  constexpr uint64_t kSpare = 4 << 20;
  uint64_t free = 0;
  if (!db_->fs()->GetFreeSpace(options_.path, {}, &free, nullptr).ok()) return true;
  uint64_t memtables = 0;
  db_->db()->GetAggregatedIntProperty(rocksdb::DB::Properties::kCurSizeAllMemTables, &memtables);
  return free >= 2 * memtables + kSpare;
}

void StoreCore::Tick() {
  const auto log = [](const Status& status) {
    if (!status.ok()) spdlog::warn("store: {}", status.ToString());
  };
  WatchDisk();
  if (const std::string damage = health_->TakeDamage(); !damage.empty()) {
    spdlog::error("store: a compaction met damage, see `firn verify`: {}", damage);
    pages_->StopCompactions();
  }
  if (health_->failed()) {
    if (!RoomToResume() || !health_->TakeResumeTurn()) return;
    if (const Status resumed = pages_->Resume(); !resumed.ok()) return log(resumed);
    health_->Recovered();
    guard_->MarkDirty();
    spdlog::info("store: writes work again");
  }
  if (health_->AcceptsWrites(nullptr)) {
    log(writer_->SyncAll());
    log(journal_->Reclaim());
    log(pages_->Reclaim());
  }
  log(guard_->Record(db_->db()));
}

Status StoreCore::Close() {
  if (db_ == nullptr) return OkStatus();
  rocksdb::DB* const db = db_->db();
  Status status = writer_->SyncAll();
  if (status.ok()) status = health_->failed() ? writer_->CheckHealth() : OkStatus();
  for (size_t i = 0; i < kFamilies && status.ok(); ++i) {
    const auto family = static_cast<Family>(i);
    status = FromRocks(db->Flush({}, db_->family(family)), FamilyName(family));
  }
  rocksdb::CancelAllBackgroundWork(db, /*wait=*/true);
  // Without a flush the log is what the next start reads, as after a crash.
  const Status recorded = guard_->Record(db, /*clean=*/status.ok());
  guard_->Arm(false);
  pages_.reset();
  journal_.reset();
  writer_.reset();
  db_.reset();
  return status.ok() ? recorded : status;
}

Status StoreCore::Snapshot(const std::string& path) const {
  FIRN_RETURN_IF_ERROR(writer_->CheckHealth());
  FIRN_RETURN_IF_ERROR(writer_->SyncAll());
  return MakeSnapshot(*db_, guard_->durable(), path);
}

StoreFigures StoreCore::Figures() const {
  StoreFigures figures;
  rocksdb::DB* const db = db_->db();
  for (size_t i = 0; i < kFamilies; ++i) {
    const auto family = static_cast<Family>(i);
    rocksdb::ColumnFamilyHandle* const handle = db_->family(family);
    FamilyFigures& f = figures.families.emplace_back();
    f.name = FamilyName(family);
    rocksdb::ColumnFamilyMetaData meta;
    db->GetColumnFamilyMetaData(handle, &meta);
    f.table_bytes = meta.size;
    f.table_files = meta.file_count;
    db->GetIntProperty(handle, rocksdb::DB::Properties::kSizeAllMemTables, &f.memtable_bytes);
    db->GetIntProperty(handle, rocksdb::DB::Properties::kEstimateTableReadersMem,
                       &f.table_reader_bytes);
  }
  rocksdb::VectorLogPtr logs;
  if (db->GetSortedWalFiles(logs).ok()) {
    for (const auto& log : logs) figures.wal_bytes += log->SizeFileBytes();
  }
  db_->fs()
      ->GetFreeSpace(options_.path, {}, &figures.disk_free_bytes, nullptr)
      .PermitUncheckedError();
  figures.block_cache_bytes_used = db_->cache()->GetUsage();
  figures.journal_appends = journal_->appends();
  figures.wal_syncs = db_->statistics()->getTickerCount(rocksdb::WAL_FILE_SYNCED);
  figures.guard_writes = guard_->writes();
  figures.background_errors = health_->failures();
  figures.resumes = health_->recoveries();
  figures.damaged_compactions = health_->damaged_compactions();
  figures.last_sequence = db->GetLatestSequenceNumber();
  return figures;
}

}  // namespace firn::storage
