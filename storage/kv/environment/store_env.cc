#include "storage/kv/environment/store_env.h"

#include <rocksdb/env.h>
#include <rocksdb/options.h>
#include <rocksdb/sst_file_reader.h>
#include <rocksdb/table.h>

#include "storage/kv/environment/manifest_watch.h"
#include "storage/kv/environment/staged_tables.h"
#include "storage/kv/rocks_status.h"

namespace firn::storage {

namespace {

// `base` with other files.
class WithFiles : public rocksdb::EnvWrapper {
 public:
  WithFiles(rocksdb::Env* base, std::shared_ptr<rocksdb::FileSystem> files) : EnvWrapper(base) {
    file_system_ = std::move(files);
    system_clock_ = base->GetSystemClock();
  }
  const char* Name() const override { return "store"; }
};

}  // namespace

StoreEnv::StoreEnv(rocksdb::Env* base, const std::string& staging)
    : staged_(
          std::make_unique<StagedTables>(WatchManifest(base->GetFileSystem(), staging), staging)),
      env_(std::make_unique<WithFiles>(base, staged_->files())) {}

StoreEnv::~StoreEnv() = default;

Status StoreEnv::HoldEnds(const std::string& file, const rocksdb::Options& options) {
  // Blocks that come from a cache would not be seen here.
  rocksdb::BlockBasedTableOptions table;
  table.no_block_cache = true;
  rocksdb::Options uncached = options;
  uncached.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  staged_->SetKeeping(file, true);
  rocksdb::SstFileReader reader(uncached);
  rocksdb::Status status = reader.Open(file);
  if (status.ok()) {
    const std::unique_ptr<rocksdb::Iterator> it(reader.NewIterator({}));
    it->SeekToFirst();
    if (it->Valid()) it->SeekToLast();
    status = it->status();
  }
  staged_->SetKeeping(file, false);
  return FromRocks(status, file);
}

}  // namespace firn::storage
