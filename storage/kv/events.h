// What RocksDB reports from its own threads.
#pragma once

#include <memory>

namespace rocksdb {
class EventListener;
}

namespace firn::storage {

class GuardKeeper;
class Health;
class IngestionGate;

// A listener that records the guard whenever the set of files changed, that has compactions pass
// the gate, and that stops writes on background errors, in a way that lets Resume bring them back.
// It shares its arguments, since RocksDB may outlive the store while pages are still pinned.
std::shared_ptr<rocksdb::EventListener> MakeEventListener(std::shared_ptr<Health> health,
                                                          std::shared_ptr<GuardKeeper> guard,
                                                          std::shared_ptr<IngestionGate> gate);

}  // namespace firn::storage
