#include "engine/tier/sealer.h"

#include <array>

#include "storage/page/window_writer.h"

namespace firn::engine {

Result<WindowRecord> SealWindow(Head* head, std::span<const FrozenWindow> windows,
                                const SealedEpochs& sealed, WindowRecord record,
                                storage::Store* store) {
  record.journal.clear();
  for (const FrozenWindow& window : windows) {
    record.journal.push_back({window.start, window.end, window.journal_end});
  }
  FIRN_ASSIGN_OR_RETURN(auto batch, store->NewPageBatch());
  storage::WindowWriter writer(record.id, batch.get());
  SampleColumns scratch;
  SampleColumns columns;
  bool any = false;
  for (const SeriesPtr& series : head->table().AllByMetric()) {
    columns.Clear();
    for (const FrozenWindow& window : windows) {
      FIRN_RETURN_IF_ERROR(head->ReadFrozen(series.get(), window, sealed, &scratch, &columns));
    }
    if (columns.empty()) continue;
    any = true;
    FIRN_RETURN_IF_ERROR(writer.Add(
        series->labels(), {.t = columns.t, .v = columns.v, .ht = columns.ht, .h = columns.h}));
  }
  if (!any) return record;
  FIRN_ASSIGN_OR_RETURN(record.summary, writer.Finish());
  record.disk_bytes = batch->bytes();
  const std::array changes = {storage::CatalogChange{.key = WindowRecordKey(record.id),
                                                     .value = EncodeWindowRecord(record)}};
  FIRN_RETURN_IF_ERROR(store->Publish(std::move(batch), changes, {}));
  return record;
}

}  // namespace firn::engine
