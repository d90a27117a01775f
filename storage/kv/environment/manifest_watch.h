// Keeps tables while it is not known whether the MANIFEST names them, and a MANIFEST that CURRENT
// is to name or names. See store_env.h.
#pragma once

#include <memory>
#include <string>

namespace rocksdb {
class FileSystem;
}

namespace firn::storage {

// `base`, where, from a write or sync of a MANIFEST that failed until another one is current, no
// tables but those of the folder `staging` can be deleted. The names of a directory are synced
// before one of them becomes CURRENT, and a MANIFEST beside a CURRENT that names it, or that can't
// be read, can't be deleted. Thread-safe.
std::shared_ptr<rocksdb::FileSystem> WatchManifest(const std::shared_ptr<rocksdb::FileSystem>& base,
                                                   const std::string& staging);

}  // namespace firn::storage
