// An opened window: finds, verifies and decodes its pages. Behind WindowReader.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "storage/page/cache/decoded_cache.h"
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

// By name.
using MetricDirectory = std::vector<MetricEntry>;

// Thread-safe.
class WindowPages {
 public:
  // Of the cache that a window has if it gets none.
  static constexpr uint64_t kOwnCacheBytes = 2 << 20;

  // Tables and directory are kept in `cache`; if it is null the window has one of its own, and
  // holds its directory. NotFound if there is no root page, else as Fetch().
  static Result<std::shared_ptr<const WindowPages>> Open(std::shared_ptr<const PageSource> source,
                                                         const WindowId& window,
                                                         std::shared_ptr<DecodedCache> cache);
  ~WindowPages();
  WindowPages(const WindowPages&) = delete;
  WindowPages& operator=(const WindowPages&) = delete;

  const WindowRoot& root() const { return root_; }

  // Corruption if a page of it is missing or damaged.
  Result<std::shared_ptr<const MetricDirectory>> Directory() const;

  // Corruption if the page is missing or damaged. With `keep` it is kept for other readers if it is
  // not large.
  // REQUIRES: the directory has the metric.
  Result<VerifiedPage> DataPage(uint32_t metric, uint32_t number, bool keep = false) const;
  // `keep` false: reads all once, and should not push out what others come back to.
  Result<std::shared_ptr<const LabelTable>> Table(uint32_t metric, uint32_t segment,
                                                  bool keep = true) const;
  Result<std::vector<SeriesPlaces>> Places(uint32_t metric, uint32_t segment) const;

  // What else is made of the window's pages, under a text that says what it is (each kind of thing
  // begins its texts with another word): null if it was not kept or is no longer.
  template <typename T>
  std::shared_ptr<const T> Kept(std::string_view text) const {
    const std::shared_ptr<const KeptThing> kept = FindKept(text);
    return kept == nullptr ? nullptr : std::static_pointer_cast<const T>(kept->thing);
  }
  void Keep(std::string text, std::shared_ptr<const void> thing, uint64_t bytes) const;

  // The page that holds a clock, and the clock's index in it.
  struct ClockPlace {
    uint32_t page = 0;
    uint32_t index = 0;
  };
  Result<ClockPlace> FindClock(uint32_t clock) const;
  Result<VerifiedPage> ClockPage(uint32_t page) const;
  // The times of a clock in the cache, if they were kept and still are; else null.
  using SharedTimes = std::shared_ptr<const std::vector<TimestampMs>>;
  SharedTimes KeptClock(uint32_t clock) const;
  void KeepClock(uint32_t clock, SharedTimes times) const;

 private:
  WindowPages(std::shared_ptr<const PageSource> source, WindowRoot root,
              std::shared_ptr<DecodedCache> cache)
      : source_(std::move(source)),
        root_(std::move(root)),
        cache_(std::move(cache)),
        number_(cache_->NewWindow()) {}
  struct KeptThing {
    std::string text;  // Others may have the same key.
    std::shared_ptr<const void> thing;
  };
  std::shared_ptr<const KeptThing> FindKept(std::string_view text) const;
  Result<std::shared_ptr<const MetricDirectory>> ReadDirectory() const;
  Result<VerifiedPage> MetricPage(uint32_t metric, PageKind kind, uint32_t number) const;

  const std::shared_ptr<const PageSource> source_;
  const WindowRoot root_;
  const std::shared_ptr<DecodedCache> cache_;
  const uint64_t number_;                             // In the cache.
  std::shared_ptr<const MetricDirectory> directory_;  // Null with a shared cache.
};

}  // namespace firn::storage
