// An opened window: finds, verifies and decodes its pages. Behind WindowReader.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/mutex.h"
#include "base/status.h"
#include "storage/page/label_table.h"
#include "storage/page/page_format.h"
#include "storage/page/page_io.h"
#include "storage/page/series_directory.h"
#include "storage/page/window_directory.h"

namespace firn::storage {

// A verified page; the payload is valid as long as the owner lives.
struct VerifiedPage {
  std::shared_ptr<const void> owner;
  std::string key;
  std::string_view payload;
};

// Thread-safe. Label tables are cached up to kTableCacheBytes.
class WindowPages {
 public:
  static constexpr size_t kTableCacheBytes = 2 << 20;

  // NotFound if there is no root page, else as Fetch().
  static Result<std::shared_ptr<const WindowPages>> Open(std::shared_ptr<const PageSource> source,
                                                         const WindowId& window);

  const WindowRoot& root() const { return root_; }
  const std::vector<MetricEntry>& metrics() const { return metrics_; }

  // Corruption if the page is missing or damaged.
  // REQUIRES: metric < metrics().size().
  Result<VerifiedPage> DataPage(uint32_t metric, uint32_t number) const;
  Result<std::shared_ptr<const LabelTable>> Table(uint32_t metric, uint32_t segment) const;
  Result<std::vector<SeriesPlaces>> Places(uint32_t metric, uint32_t segment) const;

  // The page that holds a clock, and the clock's index in it.
  struct ClockPlace {
    uint32_t page = 0;
    uint32_t index = 0;
  };
  Result<ClockPlace> FindClock(uint32_t clock) const;
  Result<VerifiedPage> ClockPage(uint32_t page) const;

 private:
  struct CachedTable {
    uint64_t id;
    std::shared_ptr<const LabelTable> table;
  };

  WindowPages(std::shared_ptr<const PageSource> source, WindowRoot root)
      : source_(std::move(source)), root_(std::move(root)) {}
  Status LoadDirectory();
  Result<VerifiedPage> MetricPage(uint32_t metric, PageKind kind, uint32_t number) const;
  std::shared_ptr<const LabelTable> CachedOrNull(uint64_t id) const;
  void Cache(uint64_t id, std::shared_ptr<const LabelTable> table) const;

  std::shared_ptr<const PageSource> source_;
  WindowRoot root_;
  std::vector<MetricEntry> metrics_;  // By name.

  mutable Mutex mutex_;
  mutable std::vector<CachedTable> tables_ ABSL_GUARDED_BY(mutex_);  // Last used at the end.
  mutable size_t table_bytes_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace firn::storage
