// Copies stored windows into another store, as far as they verify.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "engine/db/integrity/window_health.h"
#include "engine/tier/merge/sample_filter.h"
#include "storage/kv/store.h"

namespace firn::engine {

// One thread at a time. Borrows `store`. Raw windows come before tiers.
class WindowCopier {
 public:
  WindowCopier(std::shared_ptr<const storage::PageSource> source, storage::Store* store,
               std::function<Status(uint64_t bytes)> pace)
      : source_(std::move(source)), store_(store), pace_(std::move(pace)) {}

  // What was found and done. Errors of the store and of `pace`.
  Result<WindowHealth> CopyRaw(WindowRecord record);
  Result<WindowHealth> CopyTier(TierRecord record);

  // To be called last: the journal's entries of windows that were not kept stay out of use.
  Status KeepCoversOfDropped();

 private:
  // All pages as they are.
  Result<std::unique_ptr<storage::PageBatch>> CopyPages(const storage::WindowId& id);
  bool RawIsWhole(const TierRecord& record) const;

  const std::shared_ptr<const storage::PageSource> source_;
  storage::Store* const store_;
  const std::function<Status(uint64_t bytes)> pace_;
  TimeRanges whole_;  // Times of raw windows that were kept whole.
  std::optional<WindowRecord> last_kept_;
  std::vector<JournalCover> covers_;  // Of windows that were dropped.
};

}  // namespace firn::engine
