#include "storage/kv/rescue/store_reader.h"

#include <unistd.h>

#include <cerrno>

#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/file_system.h>
#include <rocksdb/metadata.h>

#include "base/bytes.h"
#include "storage/kv/guard_file.h"
#include "storage/kv/open_db.h"
#include "storage/kv/pages/page_store.h"
#include "storage/kv/rescue/directory_lock.h"
#include "storage/kv/rescue/readable.h"
#include "storage/kv/rocks_status.h"

namespace firn::storage {
namespace {

constexpr std::string_view kFirstJournalKey = "journal/first";

// The advice at the end of messages is for those who start a server.
std::string WithoutAdvice(std::string_view message) {
  return std::string(message.substr(0, message.find("; nothing was changed")));
}

}  // namespace

class StoreReader::Impl {
 public:
  explicit Impl(const StoreOptions& options) : options_(options) {}

  Status Open() {
    rocksdb::Env* const env = options_.env != nullptr ? options_.env : rocksdb::Env::Default();
    rocksdb::FileSystem* const fs = env->GetFileSystem().get();
    FIRN_RETURN_IF_ERROR(Lock(fs));
    FIRN_RETURN_IF_ERROR(CheckGuard(fs));
    FIRN_RETURN_IF_ERROR(OpenTables());
    return LoadOwn();
  }

  OpenDb& db() const { return *db_; }

  std::shared_ptr<const PageSource> Pages() const {
    return MakePageSource(db_, readers_,
                          {.range = std::nullopt, .hidden = hidden_, .fill_cache = true});
  }

  std::vector<std::string> damage;
  uint64_t lost_sequences = 0;
  bool log_damaged = false;
  uint64_t first_journal = 0;

 private:
  // A directory without the file, or on a disk that cannot be written, is in nobody's use.
  Status Lock(rocksdb::FileSystem* fs) {
    const std::string file = options_.path + "/LOCK";
    if (!fs->FileExists(file, {}, nullptr).ok()) return OkStatus();
    if (::access(file.c_str(), W_OK) != 0 && errno == EROFS) return OkStatus();
    FIRN_ASSIGN_OR_RETURN(lock_, DirectoryLock::Take(fs, options_.path));
    return OkStatus();
  }

  Status CheckGuard(rocksdb::FileSystem* fs) {
    Result<DirectoryState> checked = CheckDirectory(fs, options_.path);
    if (checked.ok() && checked->is_new) return NotFound("{} holds no store", options_.path);
    if (checked.ok()) {
      guard_ = checked->guard;
      return OkStatus();
    }
    if (checked.status().code() != StatusCode::kCorruption) return checked.status();
    damage.push_back(WithoutAdvice(checked.status().message()));
    return OkStatus();
  }

  Status OpenTables() {
    Result<std::shared_ptr<OpenDb>> strict = OpenDb::OpenReadOnly(options_, /*lenient=*/false);
    if (strict.ok()) {
      db_ = *std::move(strict);
    } else {
      damage.emplace_back(strict.status().message());
      log_damaged = true;
      FIRN_ASSIGN_OR_RETURN(db_, OpenDb::OpenReadOnly(options_, /*lenient=*/true));
    }
    const uint64_t recovered = db_->db()->GetLatestSequenceNumber();
    if (guard_ && recovered < guard_->sequence) {
      log_damaged = true;
      lost_sequences = guard_->sequence - recovered;
      damage.push_back(
          fmt::format("acknowledged writes are missing: {} records after number {} were synced, "
                      "but the log ends there",
                      lost_sequences, recovered));
    }
    return OkStatus();
  }

  Status LoadOwn() {
    std::string value;
    const rocksdb::Status first =
        db_->db()->Get({}, db_->family(kOwnFamily), rocksdb::Slice(kFirstJournalKey), &value);
    if (first.ok()) {
      const Result<uint64_t> number = ParseNumber(value, kOwnFamily);
      if (number.ok()) first_journal = *number;
      if (!number.ok()) damage.emplace_back(number.status().message());
    } else if (!first.IsNotFound()) {
      damage.push_back("bookkeeping: " + first.ToString());
    }
    PageDrops drops(db_.get(), nullptr, readers_.get());
    if (const Status loaded = drops.Load(); !loaded.ok()) {
      damage.push_back(fmt::format("dropped pages: {}", loaded.message()));
    }
    hidden_ = drops.Hidden();
    return OkStatus();
  }

  const StoreOptions options_;
  std::unique_ptr<DirectoryLock> lock_;
  std::optional<GuardState> guard_;
  std::shared_ptr<OpenDb> db_;
  const std::shared_ptr<ReaderRegistry> readers_ = std::make_shared<ReaderRegistry>();
  std::vector<KeyRange> hidden_;
};

StoreReader::StoreReader(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
StoreReader::~StoreReader() = default;

Result<std::unique_ptr<StoreReader>> StoreReader::Open(const StoreOptions& options) {
  auto impl = std::make_unique<Impl>(options);
  FIRN_RETURN_IF_ERROR(impl->Open());
  return std::unique_ptr<StoreReader>(new StoreReader(std::move(impl)));
}

const std::vector<std::string>& StoreReader::damage() const { return impl_->damage; }
uint64_t StoreReader::lost_sequences() const { return impl_->lost_sequences; }
bool StoreReader::log_damaged() const { return impl_->log_damaged; }
uint64_t StoreReader::first_journal_number() const { return impl_->first_journal; }
std::shared_ptr<const PageSource> StoreReader::Pages() const { return impl_->Pages(); }

Status StoreReader::Scan(RecordKind kind, const KeyValueVisitor& visit,
                         const GapVisitor& on_gap) const {
  const std::string first =
      kind == RecordKind::kJournal ? NumberKey(impl_->first_journal) : std::string();
  return ScanReadable(impl_->db(), FamilyOf(kind), first, visit, on_gap);
}

Result<std::string> StoreReader::Get(RecordKind kind, std::string_view key) const {
  std::string value;
  const OpenDb& db = impl_->db();
  const rocksdb::Status status =
      db.db()->Get({}, db.family(FamilyOf(kind)), {key.data(), key.size()}, &value);
  if (!status.ok()) return FromRocks(status, FamilyName(FamilyOf(kind)));
  return value;
}

Status StoreReader::CheckTables(const std::function<Status(const TableCheck& table)>& visit) const {
  for (size_t i = 0; i < kFamilies; ++i) {
    FIRN_RETURN_IF_ERROR(storage::CheckTables(impl_->db(), static_cast<Family>(i), visit));
  }
  return OkStatus();
}

uint64_t StoreReader::table_bytes() const {
  uint64_t bytes = 0;
  for (size_t i = 0; i < kFamilies; ++i) {
    rocksdb::ColumnFamilyMetaData meta;
    impl_->db().db()->GetColumnFamilyMetaData(impl_->db().family(static_cast<Family>(i)), &meta);
    bytes += meta.size;
  }
  return bytes;
}

}  // namespace firn::storage
