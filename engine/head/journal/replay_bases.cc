#include "engine/head/journal/replay_bases.h"

#include "engine/head/journal/journal_entry.h"

namespace firn::engine {
namespace {

// Keeps what is a base for others.
class WholeSamples : public JournalEntryVisitor {
 public:
  explicit WholeSamples(absl::flat_hash_map<uint64_t, double>* values) : values_(*values) {}
  void OnSample(uint64_t series, Sample sample) override { values_[series] = sample.v; }
  void OnNoBase(uint64_t, Sample) override {}
  void OnDifference(uint64_t, TimestampMs, const JournalDifference&) override {}
  void OnHistogram(uint64_t, TimestampMs, HistogramPtr) override {}

 private:
  absl::flat_hash_map<uint64_t, double>& values_;
};

}  // namespace

ReplayBases::Row& ReplayBases::FindRow(uint64_t block) {
  std::unique_ptr<Row>& row = rows_[block];
  if (row == nullptr) row = std::make_unique<Row>();
  last_block_ = block;
  last_row_ = row.get();
  return *row;
}

Result<double> ReplayBases::Fetch(uint64_t series, uint64_t entry) {
  if (fetched_entry_ != entry) {
    FIRN_ASSIGN_OR_RETURN(const std::string bytes,
                          read_ ? read_(entry) : NotFound("journal entry {}", entry));
    fetched_.clear();
    WholeSamples visitor(&fetched_);
    FIRN_RETURN_IF_ERROR(ReadJournalEntry(bytes, &visitor));
    fetched_entry_ = entry;
  }
  const auto it = fetched_.find(series);
  if (it == fetched_.end()) return NotFound("series {} in journal entry {}", series, entry);
  return it->second;
}

}  // namespace firn::engine
