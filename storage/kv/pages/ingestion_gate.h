// Keeps compactions and ingestions apart.
#pragma once

#include <chrono>

#include "base/mutex.h"

namespace firn::storage {

// Before RocksDB 7.8 ingests a table it takes the levels of one version and looks for their tables
// in another. While a compaction ends the second may have fewer levels, whereupon the process
// aborts. So neither begins while the other is at work. Each gives up waiting some time: writers
// may stand still for a compaction, and an ingestion may stand behind writers.
//
// Thread-safe.
class IngestionGate {
 public:
  using Ms = std::chrono::milliseconds;
  static constexpr Ms kCompactionPatience{10'000};
  static constexpr Ms kIngestionPatience{60'000};

  explicit IngestionGate(Ms compaction_patience = kCompactionPatience,
                         Ms ingestion_patience = kIngestionPatience)
      : compaction_patience_(compaction_patience), ingestion_patience_(ingestion_patience) {}

  // False if it gave up waiting; either way the compaction counts until EndCompaction().
  bool BeginCompaction();
  void EndCompaction();

  // For as long as an ingestion takes. One at a time. Null: there is none.
  class Ingesting {
   public:
    explicit Ingesting(IngestionGate* gate) : gate_(gate) {
      if (gate_ != nullptr) gate_->BeginIngestion();
    }
    ~Ingesting() {
      if (gate_ != nullptr) gate_->EndIngestion();
    }
    Ingesting(const Ingesting&) = delete;
    Ingesting& operator=(const Ingesting&) = delete;

   private:
    IngestionGate* const gate_;
  };

 private:
  void BeginIngestion();
  void EndIngestion();

  const Ms compaction_patience_;
  const Ms ingestion_patience_;
  Mutex mutex_;
  CondVar changed_;
  int compactions_ ABSL_GUARDED_BY(mutex_) = 0;
  bool ingesting_ ABSL_GUARDED_BY(mutex_) = false;  // Or about to.
};

}  // namespace firn::storage
