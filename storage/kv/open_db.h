// An open RocksDB with its column families, and how it is configured.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "storage/kv/environment/store_env.h"
#include "storage/kv/store.h"

namespace rocksdb {
class Cache;
class ColumnFamilyHandle;
class DB;
class EventListener;
class FileSystem;
class Statistics;
class WriteBatch;
struct ColumnFamilyDescriptor;
struct ColumnFamilyOptions;
struct DBOptions;
struct Options;
struct ReadOptions;
}  // namespace rocksdb

namespace firn::storage {

enum Family : size_t {
  kOwnFamily,  // The store's bookkeeping, in RocksDB's default family.
  kJournalFamily,
  kSeriesFamily,
  kPagesFamily,
  kCatalogFamily,
  kMetadataFamily,
  kExemplarsFamily,
  kFamilies,
};

std::string_view FamilyName(Family family);
// Where the tables of a store stand until they are published.
std::string StagingPath(const std::string& store);
Family FamilyOf(RecordKind kind);

// Thread-safe as RocksDB is. Page sources and pinned pages share it: RocksDB is closed when
// the last one is gone.
class OpenDb {
 public:
  static Result<std::shared_ptr<OpenDb>> Open(const StoreOptions& options,
                                              std::shared_ptr<rocksdb::EventListener> listener);
  // Reads the files as they are and changes none. `lenient`: opens even if tables are missing,
  // and leaves out records of the log that do not verify.
  static Result<std::shared_ptr<OpenDb>> OpenReadOnly(const StoreOptions& options, bool lenient);
  ~OpenDb();
  OpenDb(const OpenDb&) = delete;
  OpenDb& operator=(const OpenDb&) = delete;

  rocksdb::DB* db() const { return db_; }
  rocksdb::ColumnFamilyHandle* family(Family f) const { return families_[f]; }
  StoreEnv* env() const { return env_.get(); }
  rocksdb::FileSystem* fs() const { return fs_; }
  rocksdb::Cache* cache() const { return cache_.get(); }
  rocksdb::Statistics* statistics() const { return statistics_.get(); }
  // For table files that are to be ingested into `f`, which stand in `StagingPath`.
  rocksdb::Options TableOptions(Family f) const;

 private:
  OpenDb();
  // Parts of both ways of opening.
  std::vector<rocksdb::ColumnFamilyDescriptor> Prepare(const StoreOptions& options);
  void Adopt(const std::vector<rocksdb::ColumnFamilyHandle*>& handles);

  std::unique_ptr<StoreEnv> env_;  // Null if reading only.
  rocksdb::DB* db_ = nullptr;
  std::array<rocksdb::ColumnFamilyHandle*, kFamilies> families_{};
  rocksdb::FileSystem* fs_ = nullptr;
  std::shared_ptr<rocksdb::Cache> cache_;
  std::shared_ptr<rocksdb::Statistics> statistics_;
};

}  // namespace firn::storage
