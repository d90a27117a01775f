// What RocksDB reports from its own threads.
#pragma once

#include <memory>

namespace rocksdb {
class EventListener;
}

namespace firn::storage {

class GuardKeeper;
class Health;

// A listener that records the guard whenever the set of files changed and that stops writes
// on background errors, in a way that lets Resume bring them back. It shares its arguments,
// since RocksDB may outlive the store while pages are still pinned.
std::shared_ptr<rocksdb::EventListener> MakeEventListener(std::shared_ptr<Health> health,
                                                          std::shared_ptr<GuardKeeper> guard);

}  // namespace firn::storage
