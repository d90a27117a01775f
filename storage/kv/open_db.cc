#include "storage/kv/open_db.h"

#include <algorithm>
#include <vector>

#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/listener.h>
#include <rocksdb/options.h>
#include <rocksdb/statistics.h>
#include <rocksdb/table.h>

#include "storage/kv/rocks_status.h"

namespace firn::storage {

namespace {

// Compaction by size is off everywhere: sizes are far above what a level ever holds.
constexpr uint64_t kNeverBytes = uint64_t{1} << 50;

std::shared_ptr<rocksdb::Cache> MakeCache(uint64_t bytes) {
  rocksdb::LRUCacheOptions options;
  options.capacity = bytes;
  // A shard must hold many pages, or few hot ones push one another out.
  options.num_shard_bits = bytes >= (256u << 20) ? 4 : 2;
  options.high_pri_pool_ratio = 0.2;
  return rocksdb::NewLRUCache(options);
}

rocksdb::BlockBasedTableOptions MakeTable(std::shared_ptr<rocksdb::Cache> cache) {
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = std::move(cache);
  table.block_size = 16 << 10;
  table.format_version = 5;
  table.checksum = rocksdb::kXXH3;
  table.cache_index_and_filter_blocks = true;
  table.cache_index_and_filter_blocks_with_high_priority = true;
  // Open tables count against the cache, so that its size bounds the memory.
  table.cache_usage_options.options_overrides.insert(
      {rocksdb::CacheEntryRole::kBlockBasedTableReader,
       {.charged = rocksdb::CacheEntryRoleOptions::Decision::kEnabled}});
  return table;
}

// For tables that are read once, at the next start. RocksDB reads each back after writing it
// (paranoid_file_checks), and blocks of the journal and of the labels of all series would fill the
// cache that pages need.
void LeaveUncached(rocksdb::BlockBasedTableOptions* table) {
  table->no_block_cache = true;
  table->block_cache = nullptr;
  table->cache_index_and_filter_blocks = false;
  table->cache_index_and_filter_blocks_with_high_priority = false;
  table->cache_usage_options.options_overrides.clear();
}

rocksdb::ColumnFamilyOptions MakeFamily(Family family, const StoreOptions& options,
                                        const std::shared_ptr<rocksdb::Cache>& cache) {
  rocksdb::ColumnFamilyOptions o;
  rocksdb::BlockBasedTableOptions table = MakeTable(cache);
  o.write_buffer_size = 1 << 20;
  o.max_write_buffer_number = 2;
  o.compression = rocksdb::kLZ4Compression;
  o.memtable_protection_bytes_per_key = 8;
  o.paranoid_file_checks = true;
  // Nothing is rewritten because of its age: the engine decides what goes.
  o.ttl = 0;
  o.periodic_compaction_seconds = 0;
  switch (family) {
    case kJournalFamily:
      // Keys only grow, so flushed tables never overlap: the "compaction" of one is a
      // rename into level 1, from where whole files are deleted (level 0 does not allow it).
      o.write_buffer_size = options.journal_memtable_bytes;
      o.max_write_buffer_number = 3;  // Writers go on while one is flushed to a slow disk.
      o.num_levels = 2;
      o.level0_file_num_compaction_trigger = 1;
      o.max_bytes_for_level_base = kNeverBytes;
      o.target_file_size_base = kNeverBytes;
      LeaveUncached(&table);
      break;
    case kPagesFamily:
      // Tables are ingested to the bottom and stay; the memtable is not used. What compactions
      // there are PageStore asks for, when nothing has to be ingested.
      o.disable_auto_compactions = true;
      o.write_buffer_size = 64 << 10;
      o.compression = rocksdb::kZSTD;
      o.compression_opts.level = 1;
      o.max_bytes_for_level_base = kNeverBytes;
      o.target_file_size_base = 256 << 20;
      table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
      break;
    case kSeriesFamily:
      o.write_buffer_size = 4 << 20;
      o.target_file_size_base = 64 << 20;
      LeaveUncached(&table);
      break;
    default:
      // A publication brings two tables, and is not what writers should wait for.
      o.level0_slowdown_writes_trigger *= 2;
      o.level0_stop_writes_trigger *= 2;
      break;
  }
  o.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return o;
}

// Drops RocksDB's own messages.
class NoLog : public rocksdb::Logger {
 public:
  using rocksdb::Logger::Logv;
  void Logv(const char*, va_list) override {}
};

rocksdb::DBOptions MakeDb(const StoreOptions& options,
                          std::shared_ptr<rocksdb::Statistics> statistics) {
  rocksdb::DBOptions o;
  o.create_if_missing = options.create_if_missing;
  o.create_missing_column_families = true;
  if (options.env != nullptr) o.env = options.env;
  // The default mode drops everything behind a damaged record without a word; this one
  // forgives only a torn end and refuses else. The guard tells torn from cut.
  o.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  o.track_and_verify_wals_in_manifest = true;
  o.verify_sst_unique_id_in_manifest = true;
  o.paranoid_checks = true;
  o.max_background_jobs = 2;
  // A small family must not keep the journal's old WAL files alive.
  o.max_total_wal_size = 4 * options.journal_memtable_bytes;
  o.max_manifest_file_size = 16 << 20;
  o.manifest_preallocation_size = 64 << 10;
  o.max_open_files = 1024;
  o.skip_stats_update_on_db_open = true;
  o.bytes_per_sync = 1 << 20;
  o.info_log_level = rocksdb::WARN_LEVEL;
  o.max_log_file_size = 4 << 20;
  o.keep_log_file_num = 3;
  o.stats_dump_period_sec = 0;
  o.stats_persist_period_sec = 0;
  o.statistics = std::move(statistics);
  return o;
}

}  // namespace

std::string_view FamilyName(Family family) {
  static constexpr std::string_view kNames[kFamilies] = {"default", "journal",  "series",   "pages",
                                                         "catalog", "metadata", "exemplars"};
  return kNames[family];
}

std::string StagingPath(const std::string& store) { return store + "/staging"; }

Family FamilyOf(RecordKind kind) {
  switch (kind) {
    case RecordKind::kJournal:
      return kJournalFamily;
    case RecordKind::kSeries:
      return kSeriesFamily;
    case RecordKind::kCatalog:
      return kCatalogFamily;
    case RecordKind::kMetadata:
      return kMetadataFamily;
    case RecordKind::kExemplars:
      return kExemplarsFamily;
  }
  return kOwnFamily;
}

OpenDb::OpenDb() = default;

OpenDb::~OpenDb() {
  if (db_ == nullptr) return;
  for (rocksdb::ColumnFamilyHandle* family : families_) {
    db_->DestroyColumnFamilyHandle(family).PermitUncheckedError();
  }
  // An error here is about data that the caller was not promised: Close has synced the rest.
  db_->Close().PermitUncheckedError();
  delete db_;
}

std::vector<rocksdb::ColumnFamilyDescriptor> OpenDb::Prepare(const StoreOptions& options) {
  cache_ = MakeCache(options.block_cache_bytes);
  statistics_ = rocksdb::CreateDBStatistics();
  statistics_->set_stats_level(rocksdb::StatsLevel::kExceptHistogramOrTimers);
  std::vector<rocksdb::ColumnFamilyDescriptor> descriptors;
  for (size_t i = 0; i < kFamilies; ++i) {
    const auto family = static_cast<Family>(i);
    descriptors.emplace_back(std::string(FamilyName(family)), MakeFamily(family, options, cache_));
  }
  return descriptors;
}

void OpenDb::Adopt(const std::vector<rocksdb::ColumnFamilyHandle*>& handles) {
  std::copy(handles.begin(), handles.end(), families_.begin());
}

Result<std::shared_ptr<OpenDb>> OpenDb::Open(const StoreOptions& options,
                                             std::shared_ptr<rocksdb::EventListener> listener) {
  std::shared_ptr<OpenDb> open(new OpenDb());
  const auto descriptors = open->Prepare(options);
  rocksdb::DBOptions db_options = MakeDb(options, open->statistics_);
  open->env_ = std::make_unique<StoreEnv>(db_options.env, StagingPath(options.path));
  db_options.env = open->env_->env();
  db_options.listeners.push_back(std::move(listener));
  open->fs_ = db_options.env->GetFileSystem().get();
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  const rocksdb::Status status =
      rocksdb::DB::Open(db_options, options.path, descriptors, &handles, &open->db_);
  if (!status.ok()) {
    open->db_ = nullptr;
    return FromRocks(status, options.path);
  }
  open->Adopt(handles);
  return open;
}

Result<std::shared_ptr<OpenDb>> OpenDb::OpenReadOnly(const StoreOptions& options, bool lenient) {
  std::shared_ptr<OpenDb> open(new OpenDb());
  const auto descriptors = open->Prepare(options);
  rocksdb::DBOptions db_options = MakeDb(options, open->statistics_);
  db_options.create_if_missing = false;
  db_options.create_missing_column_families = false;
  // Else it would write a file of its own messages.
  db_options.info_log = std::make_shared<NoLog>();
  if (lenient) {
    db_options.wal_recovery_mode = rocksdb::WALRecoveryMode::kSkipAnyCorruptedRecords;
    // Checking that no log is missing stays on: a read-only RocksDB 7.8 aborts without.
    db_options.verify_sst_unique_id_in_manifest = false;
    db_options.paranoid_checks = false;
  }
  open->fs_ = db_options.env->GetFileSystem().get();
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  const rocksdb::Status status =
      rocksdb::DB::OpenForReadOnly(db_options, options.path, descriptors, &handles, &open->db_);
  if (!status.ok()) {
    open->db_ = nullptr;
    return FromRocks(status, options.path);
  }
  open->Adopt(handles);
  return open;
}

rocksdb::Options OpenDb::TableOptions(Family f) const { return db_->GetOptions(families_[f]); }

}  // namespace firn::storage
