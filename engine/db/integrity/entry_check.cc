#include "engine/db/integrity/entry_check.h"

#include "base/check.h"

namespace firn::engine {
namespace {

class Copy : public JournalEntryVisitor {
 public:
  explicit Copy(const UsableEntries& entries) : entries_(entries) {}
  void OnSample(uint64_t series, Sample sample) override { writer.Add(series, sample); }
  void OnNoBase(uint64_t series, Sample sample) override { writer.AddNoBase(series, sample); }
  void OnDifference(uint64_t series, TimestampMs t, const JournalDifference& since) override {
    if (entries_.Has(since.base_entry)) writer.AddDifference(series, t, since);
  }
  void OnHistogram(uint64_t series, TimestampMs t, HistogramPtr histogram) override {
    writer.AddHistogram(series, t, *histogram);
  }

  JournalEntryWriter writer;

 private:
  const UsableEntries& entries_;
};

}  // namespace

std::string WithoutBaseless(std::string_view entry, const UsableEntries& entries) {
  Copy copy(entries);
  FIRN_CHECK(ReadJournalEntry(entry, &copy).ok());
  return std::string(copy.writer.Finish());
}

}  // namespace firn::engine
