#include "engine/tier/merge/merger.h"

#include "engine/tier/merge/read_back.h"
#include "storage/page/window_writer.h"

namespace firn::engine {

Result<MergedWindow> MergeWindows(std::span<const ScanInput> inputs, const storage::WindowId& id,
                                  const std::atomic<bool>& stop, storage::Store* store) {
  MergedWindow merged;
  FIRN_ASSIGN_OR_RETURN(merged.pages, store->NewPageBatch());
  storage::WindowWriter writer(id, merged.pages.get());
  ContentHash content;
  SeriesScan scan(inputs);
  bool any = false;
  while (true) {
    if (stop) return Cancelled("the merge was stopped");
    FIRN_ASSIGN_OR_RETURN(const bool more, scan.Next());
    if (!more) break;
    const SampleColumns& samples = scan.samples();
    if (samples.empty()) continue;
    any = true;
    const storage::SeriesColumns columns{
        .t = samples.t, .v = samples.v, .ht = samples.ht, .h = samples.h};
    content.Add(scan.labels(), columns);
    FIRN_RETURN_IF_ERROR(writer.Add(scan.labels(), columns));
  }
  if (!any) {
    merged.pages = nullptr;
    return merged;
  }
  FIRN_ASSIGN_OR_RETURN(merged.summary, writer.Finish());
  FIRN_RETURN_IF_ERROR(VerifyWritten(merged.pages.get(), id, content, stop));
  merged.disk_bytes = merged.pages->bytes();
  return merged;
}

}  // namespace firn::engine
