#include "engine/db/impl.h"
#include "storage/kv/backup/repository.h"

namespace firn::engine {

Result<std::string> Database::Impl::Snapshot() const {
  std::string name = storage::BackupId(options_.clock->NowMs());
  FIRN_RETURN_IF_ERROR(store_->Snapshot(options_.path + "/snapshots/" + name));
  return name;
}

}  // namespace firn::engine
