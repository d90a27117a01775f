#include "storage/kv/rocks_status.h"

#include <rocksdb/status.h>

namespace firn::storage {

static StatusCode CodeOf(const rocksdb::Status& status) {
  if (status.IsNotFound()) return StatusCode::kNotFound;
  if (status.IsCorruption()) return StatusCode::kCorruption;
  if (status.IsInvalidArgument()) return StatusCode::kInvalidArgument;
  if (status.IsNoSpace() || status.IsBusy() || status.IsTryAgain() || status.IsIncomplete() ||
      status.IsShutdownInProgress()) {
    return StatusCode::kUnavailable;
  }
  if (status.IsIOError()) return StatusCode::kIo;
  return StatusCode::kInternal;
}

Status FromRocks(const rocksdb::Status& status, std::string_view context) {
  if (status.ok()) return OkStatus();
  return Status(CodeOf(status), fmt::format("{}: {}", context, status.ToString()));
}

}  // namespace firn::storage
