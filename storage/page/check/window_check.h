// Reads all of a window and goes on behind damage: what of it verifies, and exactly what does not.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "base/time.h"
#include "storage/page/page_io.h"
#include "storage/page/window.h"
#include "storage/page/window_reader.h"

namespace firn::storage {

// What cannot be read of one metric.
struct MetricDamage {
  std::string metric;
  std::string error;  // The first of them, with its page.
  // Of the samples that are lost; that of the window where it is not known any more.
  TimeRange range{kMaxTimestamp, kMinTimestamp};
  uint64_t series = 0;
  uint64_t samples = 0;  // 0 in windows of a tier, which hold buckets.
};

struct WindowFindings {
  WindowSummary stated;  // What the root says of the whole window.
  // What verified.
  uint64_t series = 0;
  uint64_t samples = 0;
  uint64_t bytes = 0;
  std::vector<MetricDamage> damaged;
  // Damaged or foreign pages that no series needs.
  std::vector<std::string> stray;

  bool ok() const { return damaged.empty() && stray.empty(); }
};

class SeriesVisitor {
 public:
  virtual ~SeriesVisitor() = default;
  // In the order in which they were written. Corruption counts the series among the damaged;
  // any other error ends the check.
  virtual Status OnSeries(const SeriesHandle& series, const SeriesData& data) = 0;
};

struct WindowCheckOptions {
  SeriesVisitor* visitor = nullptr;  // May be null.
  // Called with bytes that were read since the last call; an error ends the check.
  std::function<Status(uint64_t bytes)> pace;
  bool scan_pages = true;  // Also read pages that no series needs.
};

// Corruption or Io if the window cannot be opened, so that nothing of it can be read; NotFound
// if there is no root page; else what `visitor` or `pace` ended it with.
Result<WindowFindings> CheckWindow(const std::shared_ptr<const PageSource>& source,
                                   const WindowId& window, const WindowCheckOptions& options);

// The windows of which `source` has pages, by tier, start and generation; their ends are not
// known (0). Goes on behind keys that cannot be read at the next of the `known` windows.
std::vector<WindowId> FindWindows(const PageSource& source, std::vector<WindowId> known);

// `window` with its end, as the root page has it. NotFound, Corruption, Io.
Result<WindowId> ReadRootId(const PageSource& source, const WindowId& window);

}  // namespace firn::storage
