// A database in memory for tests: keeps what it is given, histograms and start timestamps
// included.
#pragma once

#include <memory>
#include <vector>

#include "base/labels.h"
#include "engine/api/querier.h"

namespace firn::testing {

struct StoredSeries {
  Labels labels;
  engine::SampleColumns samples;
};

// Queriers are snapshots and may be used from several threads; Add and Clear may not run
// at the same time as anything else.
class MemoryStore : public engine::Queryable {
 public:
  // Appends to the series of the same labels if there is one. Samples are in time order and
  // newer than what the series has.
  void Add(const std::vector<StoredSeries>& series);
  void Clear() { series_.clear(); }

  Result<std::unique_ptr<engine::Querier>> NewQuerier() const override;

 private:
  std::vector<std::shared_ptr<const StoredSeries>> series_;  // In label order.
};

}  // namespace firn::testing
