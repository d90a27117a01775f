#include "storage/kv/pages/ingestion_gate.h"

#include <spdlog/spdlog.h>

namespace firn::storage {

using SteadyClock = std::chrono::steady_clock;

bool IngestionGate::BeginCompaction() {
  const auto end = SteadyClock::now() + compaction_patience_;
  MutexLock lock(&mutex_);
  while (ingesting_ && SteadyClock::now() < end) {
    changed_.WaitFor(&mutex_, end - SteadyClock::now());
  }
  ++compactions_;
  return !ingesting_;
}

void IngestionGate::EndCompaction() {
  MutexLock lock(&mutex_);
  --compactions_;
  changed_.NotifyAll();
}

void IngestionGate::BeginIngestion() {
  const auto end = SteadyClock::now() + ingestion_patience_;
  MutexLock lock(&mutex_);
  ingesting_ = true;
  while (compactions_ > 0 && SteadyClock::now() < end) {
    changed_.WaitFor(&mutex_, end - SteadyClock::now());
  }
  if (compactions_ > 0) spdlog::warn("store: an ingestion did not wait for a compaction to end");
}

void IngestionGate::EndIngestion() {
  MutexLock lock(&mutex_);
  ingesting_ = false;
  changed_.NotifyAll();
}

}  // namespace firn::storage
