// Writes one window, page by page, in one pass over its series. Layout: docs/format/page.md.
#pragma once

#include <memory>

#include "base/labels.h"
#include "base/status.h"
#include "storage/page/page_io.h"
#include "storage/page/window.h"

namespace firn::storage {

// One thread at a time. Borrows `sink`, which must outlive the writer. Holds one page, the
// tables of the current metric and the coded clocks of the window in memory. Writing the
// same series again gives the same keys and bytes.
class WindowWriter {
 public:
  WindowWriter(const WindowId& window, PageSink* sink);
  ~WindowWriter();

  // Series come ordered by metric name (byte-wise, "" without one), then by Labels' order.
  // A series without samples is skipped. InvalidArgument if the order is broken, a label set
  // repeats, or times do not ascend strictly within [start, end); the sink's error otherwise.
  // After an error the window must be abandoned.
  Status Add(const Labels& labels, const SeriesColumns& samples);

  // Writes what is pending and the directory without which the window cannot be opened.
  // Call once, last.
  Result<WindowSummary> Finish();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace firn::storage
