// The environment a store hands to RocksDB, which sees to four things that RocksDB 7.8 does not.
//
// Staged tables are read well. RocksDB looks for the first and last key of each table that it
// ingests and does not ask whether its iterator failed. If the first can't be read, the table
// counts as one without keys, is ingested, and none of its pages is ever found again; if the last
// can't, the process aborts. So what is read for these keys is read here first, and kept; and a
// table of which a read failed can't be linked or copied into the database, whereupon the ingestion
// fails as it should.
//
// No table is deleted that the MANIFEST may name. When its write or sync fails an ingestion deletes
// the tables it brought, but the record may be on the disk: the next start would miss them.
//
// CURRENT never names a MANIFEST whose own name is not on the disk yet. RocksDB syncs the directory
// once after both: a file system without ordered metadata may then have the second name only.
//
// Nor one that was deleted. When CURRENT could not be replaced, RocksDB takes the new MANIFEST for
// the one in use all the same, and the old one, which CURRENT still names, for obsolete.
#pragma once

#include <memory>
#include <string>

#include "base/status.h"

namespace rocksdb {
class Env;
struct Options;
}  // namespace rocksdb

namespace firn::storage {

class StagedTables;

// Thread-safe.
class StoreEnv {
 public:
  // `base` must live as long as this. `staging` is the folder of the staged tables.
  StoreEnv(rocksdb::Env* base, const std::string& staging);
  ~StoreEnv();
  StoreEnv(const StoreEnv&) = delete;
  StoreEnv& operator=(const StoreEnv&) = delete;

  rocksdb::Env* env() const { return env_.get(); }

  // Reads the ends of the staged table `file`, and keeps in memory what was read (its index and
  // two blocks) until it is deleted. Fails if they can't be read.
  Status HoldEnds(const std::string& file, const rocksdb::Options& options);

 private:
  const std::unique_ptr<StagedTables> staged_;
  const std::unique_ptr<rocksdb::Env> env_;
};

}  // namespace firn::storage
