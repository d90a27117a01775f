// A data directory that nobody has open, looked at without changing anything.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "engine/api/costs.h"
#include "storage/page/window.h"

namespace firn::engine {

struct WindowFigures {
  storage::WindowId id;
  DurationMs resolution = 0;  // 0: samples as they were sent.
  storage::WindowSummary summary;
  uint64_t disk_bytes = 0;  // 0: not known.
};

struct PageKindFigures {
  std::string kind;
  uint64_t pages = 0;
  uint64_t bytes = 0;  // Before RocksDB packs them.
};

struct RecordFigures {
  std::string name;
  uint64_t records = 0;
  uint64_t bytes = 0;  // Of keys and values.
};

// Thread-safe but for Open. The directory is locked as long as this lives.
class DirectoryFigures {
 public:
  // Unavailable if a process has the directory open, NotFound if it holds no store, Corruption if
  // nothing can be made of it. Windows that cannot be opened are left out and named in problems().
  static Result<std::unique_ptr<DirectoryFigures>> Open(const std::string& path);
  ~DirectoryFigures();

  // By resolution and time.
  const std::vector<WindowFigures>& windows() const;
  const std::vector<std::string>& problems() const;

  // Calls `progress` with windows done and all of them.
  Result<CostReport> Costs(
      const CostQuery& query,
      const std::function<void(uint64_t done, uint64_t total)>& progress) const;
  // All pages of all windows, read one by one.
  Result<std::vector<PageKindFigures>> Pages() const;
  // Journal, series definitions and the like: what is stored besides windows.
  Result<std::vector<RecordFigures>> Records() const;
  // Series of the windows that overlap `range`, with what they have there, in the order of labels.
  struct SeriesFigures {
    Labels labels;
    uint64_t samples = 0;
    uint64_t column_bytes = 0;  // Without what series share, before pages are packed.
    TimeRange range{kMaxTimestamp, kMinTimestamp};  // Of the windows that hold it.
  };
  Result<std::vector<SeriesFigures>> Series(const Matchers& matchers, const TimeRange& range) const;

 private:
  class Impl;
  explicit DirectoryFigures(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace firn::engine
