// The files of the staging folder. See store_env.h.
#pragma once

#include <memory>
#include <string>

namespace rocksdb {
class FileSystem;
}

namespace firn::storage {

// Thread-safe.
class StagedTables {
 public:
  StagedTables(const std::shared_ptr<rocksdb::FileSystem>& base, const std::string& folder);
  ~StagedTables();

  // `base`, where a table of `folder` can't be linked or copied once a read of it failed.
  std::shared_ptr<rocksdb::FileSystem> files() const;

  // What is read of the staged `file` from now on is kept, until it is deleted, and read from
  // memory; or no more is kept from now on.
  void SetKeeping(const std::string& file, bool keeping);

 private:
  class Impl;
  const std::shared_ptr<Impl> impl_;
};

}  // namespace firn::storage
