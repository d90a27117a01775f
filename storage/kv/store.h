// The durable store of one data directory: journal, series definitions, pages, catalog,
// metadata and exemplars, each a column family of RocksDB. Formats: docs/format/journal.md.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/status.h"
#include "storage/page/page_io.h"

namespace rocksdb {
class Env;
}

namespace firn::storage {

class PageStore;
class StoreCore;

enum class AckMode : uint8_t {
  kFsync,  // A write returns after fsync: survives power loss.
  kWrite,  // A write returns after write(): survives kill -9; power loss costs up to a Tick.
};

struct StoreOptions {
  std::string path;
  uint64_t block_cache_bytes = 64u << 20;
  AckMode ack = AckMode::kFsync;
  // Size of one journal memtable; two of them exist while one is flushed.
  uint64_t journal_memtable_bytes = 16u << 20;
  // Below this much free disk the store takes no writes, until there is a tenth more.
  uint64_t min_free_disk_bytes = 64u << 20;
  bool create_if_missing = true;
  // Borrowed. Paces attempts to resume after an error.
  const Clock* clock = Clock::System();
  // Borrowed; null means the machine's. Tests put a faulty file system here.
  rocksdb::Env* env = nullptr;
};

// What opening found.
struct RecoveryReport {
  bool clean_shutdown = false;        // The last process closed the store.
  bool degraded = false;              // Acknowledged writes are missing; `text` says what.
  std::string text;                   // For people; empty if there is nothing to tell.
  uint64_t lost_sequences = 0;        // Records missing since the last sync that is on record.
  uint64_t lost_sequences_total = 0;  // ... and over the life of this directory.
};

enum class RecordKind : uint8_t { kJournal, kSeries, kCatalog, kMetadata, kExemplars };

struct RawRecord {
  std::string key;
  std::string value;
};

struct TableCheck {
  std::string file;
  std::string family;
  uint64_t bytes = 0;
  Status status;
};

struct SeriesRecord {
  uint64_t number;
  std::string_view bytes;
};

struct CatalogChange {
  std::string key;
  std::optional<std::string> value;  // None deletes.
};

struct MetadataRecord {
  std::string_view key;
  std::string_view bytes;
};

struct NumberedRecord {
  uint64_t number;
  std::string_view bytes;
};

struct FamilyFigures {
  std::string name;
  uint64_t table_bytes = 0;  // Live table files.
  uint64_t table_files = 0;
  uint64_t memtable_bytes = 0;
  uint64_t table_reader_bytes = 0;
};

struct StoreFigures {
  std::vector<FamilyFigures> families;
  uint64_t wal_bytes = 0;
  uint64_t disk_free_bytes = 0;
  uint64_t block_cache_bytes_used = 0;
  uint64_t journal_appends = 0;  // Successful ones.
  uint64_t wal_syncs = 0;        // Fewer than appends: one sync serves a whole group.
  uint64_t guard_writes = 0;
  uint64_t background_errors = 0;
  uint64_t resumes = 0;
  uint64_t damaged_compactions = 0;  // Given up since a table did not verify.
  uint64_t last_sequence = 0;
};

using KeyValueVisitor = std::function<Status(std::string_view key, std::string_view value)>;
using NumberedVisitor = std::function<Status(uint64_t number, std::string_view bytes)>;

// Pages of one publication, on their way into the store. One thread at a time. Dropping it
// unpublished removes its files. Must not outlive the store.
class PageBatch : public PageSink {
 public:
  ~PageBatch() override;
  // InvalidArgument if the keys do not ascend; Io or Unavailable if the disk refuses.
  Status Put(std::string_view key, std::string_view page) override;
  // Bytes on disk so far, about.
  uint64_t bytes() const;
  // Completes the files and reads the pages from them as they are on disk. No Put after it;
  // the source must be gone before the batch is published or dropped.
  Result<std::shared_ptr<const PageSource>> ReadBack();

 private:
  friend class PageStore;
  struct Rep;
  explicit PageBatch(std::unique_ptr<Rep> rep);
  std::unique_ptr<Rep> rep_;
};

// Thread-safe. Errors: Unavailable while the store takes no writes (AcceptsWrites says why;
// the change is not acknowledged, though after a failed fsync it may still turn up later);
// Corruption if stored bytes do not verify; Io else.
class Store {
 public:
  // Unavailable if another process uses the directory; NotFound if it holds no store and
  // create_if_missing is off; Corruption if the files are not those that were last synced:
  // the message names them and what to do, and nothing was changed or deleted.
  static Result<std::unique_ptr<Store>> Open(const StoreOptions& options);
  // As Close, without the status.
  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  const RecoveryReport& recovery() const;

  // Makes one entry and the definitions it needs durable together and returns the entry's
  // number. Numbers ascend in the order of the calls and are never used twice.
  Result<uint64_t> AppendJournal(std::string_view entry, std::span<const SeriesRecord> new_series);
  // Entries in ascending order of number, until `visit` fails.
  Status ReplayJournal(const NumberedVisitor& visit) const;
  // One entry, forgotten or not. NotFound if there is none.
  Result<std::string> ReadJournal(uint64_t number) const;
  // Forgets all entries with a number below `first_kept` and frees whole files of them.
  Status TruncateJournal(uint64_t first_kept);
  // Entries below are forgotten.
  uint64_t first_journal_number() const;
  // The number that the next entry will have at least.
  uint64_t next_journal_number() const;

  // Definitions in ascending order of number.
  Status ScanSeries(const NumberedVisitor& visit) const;
  Status DeleteSeries(std::span<const uint64_t> numbers);

  // The pages as they are now. A source keeps reading what it began with whatever is
  // published or dropped meanwhile; disk space of dropped pages is freed when the sources
  // that may still read them are gone. One that reads only keys of `range` holds back only
  // what touches the range: give it to sources that live long. Sources and pages must be
  // gone before Close.
  std::shared_ptr<const PageSource> Pages() const;
  std::shared_ptr<const PageSource> Pages(const KeyRange& range) const;
  // As Pages(range), but keeps nothing in the cache that was not there.
  std::shared_ptr<const PageSource> UncachedPages(const KeyRange& range) const;
  Result<std::unique_ptr<PageBatch>> NewPageBatch();
  // All or nothing, durable on return: makes the pages of `batch` (null for none) visible,
  // changes the catalog and drops the older pages of `dropped`. Pages of the batch inside a
  // dropped range stay. Repeating a publication with the same keys is harmless.
  Status Publish(std::unique_ptr<PageBatch> batch, std::span<const CatalogChange> changes,
                 std::span<const KeyRange> dropped);

  // Catalog records whose key starts with `prefix`, in key order.
  Status ScanCatalog(std::string_view prefix, const KeyValueVisitor& visit) const;
  // All or nothing, durable on return.
  Status PutCatalog(std::span<const CatalogChange> changes);

  Status PutMetadata(std::span<const MetadataRecord> records);
  Result<std::string> GetMetadata(std::string_view key) const;  // NotFound.
  Status ScanMetadata(const KeyValueVisitor& visit) const;

  // Adds records under their numbers and deletes others, all or nothing.
  Status ChangeExemplars(std::span<const NumberedRecord> added, std::span<const uint64_t> deleted);
  // In ascending order of number.
  Status ScanExemplars(const NumberedVisitor& visit) const;

  // Copies records of another store under their keys, for a store that is being made of one.
  // Journal entries count from the next Open on. Durable after SyncImported.
  Status Import(RecordKind kind, std::span<const RawRecord> records);
  Status SyncImported();

  // False while the disk is full or failing; `why` (may be null) is for people.
  bool AcceptsWrites(std::string* why) const;
  // To be called about once a second, by one thread: records the last durable sequence,
  // watches free disk, tries to resume after an error, frees dropped pages.
  void Tick();
  // Reads every table block and compares checksums; Corruption names the file.
  Status VerifyChecksums() const;
  // The same for each table of records, which are all but those of pages, one after the other.
  Status CheckRecordTables(const std::function<Status(const TableCheck& table)>& visit) const;
  StoreFigures Figures() const;

  // Makes `path` on the same file system, which can be opened as a store that holds what this
  // one does now; table files are shared by hard links. Complete and durable on return, or not
  // there. InvalidArgument if `path` exists, Unavailable while the store takes no writes.
  Status Snapshot(const std::string& path) const;

  // Flushes, syncs and marks the shutdown as clean. Nothing but the destructor may follow.
  Status Close();

 private:
  explicit Store(std::unique_ptr<StoreCore> core);
  std::unique_ptr<StoreCore> core_;
};

}  // namespace firn::storage
