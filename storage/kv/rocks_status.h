// RocksDB's errors as ours.
#pragma once

#include <string_view>

#include "base/status.h"

namespace rocksdb {
class Status;
}

namespace firn::storage {

// OK stays OK. A full disk and other conditions that pass become Unavailable.
Status FromRocks(const rocksdb::Status& status, std::string_view context);

}  // namespace firn::storage
