// Makes one stored window of several.
#pragma once

#include <atomic>
#include <memory>
#include <span>

#include "engine/tier/series_scan.h"
#include "storage/kv/store.h"
#include "storage/page/window.h"

namespace firn::engine {

struct MergedWindow {
  storage::WindowSummary summary;
  uint64_t disk_bytes = 0;
  // To be published with its record; null if no samples are left.
  std::unique_ptr<storage::PageBatch> pages;
};

// Streams series by series: memory is bounded by a segment of each input and a page of the
// output, whatever the number of samples. What was written is read again and compared with
// what was meant before it is returned; nothing is visible until it is published. Cancelled
// soon after `stop` turns true, Corruption if an input or the output does not verify, else
// errors of the store.
// REQUIRES: inputs in the order in which their samples take precedence, all within `id`.
Result<MergedWindow> MergeWindows(std::span<const ScanInput> inputs, const storage::WindowId& id,
                                  const std::atomic<bool>& stop, storage::Store* store);

}  // namespace firn::engine
