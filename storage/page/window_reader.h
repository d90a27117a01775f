// Reads one window: finds series by matchers over the label tables, then decodes their
// columns. Layout: docs/format/page.md.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <absl/functional/function_ref.h>

#include "base/labels.h"
#include "base/matcher.h"
#include "base/status.h"
#include "storage/page/page_io.h"
#include "storage/page/select/series_list.h"
#include "storage/page/series_directory.h"
#include "storage/page/window.h"

namespace firn::storage {

// A series of one window. Only the reader that made it may read it.
struct SeriesHandle {
  Labels labels;
  uint32_t metric = 0;  // Index of the metric in the window's directory.
  SeriesPlaces places;
};

class ColumnReader;
class DecodedCache;
class LabelTable;
class WindowPages;
struct MetricEntry;

// What Read() keeps between calls, so that series read in order open each page once. Owned
// by the calling thread; may be used with several readers, of which it keeps the last's
// pages alive.
class ReadCache {
 public:
  // Whether decoded times of short windows and the first few pages are shared with other readers by
  // way of the cache of label tables. Who reads all once should keep them to himself.
  enum class Parts : uint8_t { kOwn, kShared };
  explicit ReadCache(Parts parts = Parts::kOwn);
  ~ReadCache();

 private:
  friend class WindowReader;
  std::unique_ptr<ColumnReader> reader_;
};

// Thread-safe. Every page is verified when it is read: Corruption names the page.
class WindowReader {
 public:
  // The directory of metrics and label tables are kept in `cache`, which may be that of many
  // windows; if it is null the window has a small one of its own. NotFound if the window has no
  // root page: it was never finished.
  static Result<std::shared_ptr<const WindowReader>> Open(
      std::shared_ptr<const PageSource> source, const WindowId& window,
      std::shared_ptr<DecodedCache> cache = nullptr);

  const WindowId& window() const;
  const WindowSummary& summary() const;

  struct ListOptions {
    bool places = true;  // Or their labels alone, and they cannot be read.
    uint64_t series_max = std::numeric_limits<uint64_t>::max();
  };
  // The matching series in the order of Labels. ResourceExhausted, found before they are all
  // listed, if they are more than series_max.
  Result<SeriesList> List(const Matchers& matchers, const ListOptions& options) const;
  // The same one by one, with labels that are copies.
  Result<std::vector<SeriesHandle>> Select(const Matchers& matchers) const;

  // Appends the samples with range.min <= t <= range.max, and all buckets, of which `out`
  // has none yet. On error `out` is unspecified.
  Status Read(const SeriesHandle& series, const TimeRange& range, ReadCache* cache,
              SeriesData* out) const;
  Status Read(uint32_t metric, const SeriesPlaces& places, const TimeRange& range, ReadCache* cache,
              SeriesData* out) const;

  // Appends only the first and the last of float samples that never fall from the one to the other,
  // where may_stand(time of the first, of the last) is true and no decoding is needed to know; of
  // others all within `range`. Histograms and buckets are left out.
  using MayStand = absl::FunctionRef<bool(TimestampMs first, TimestampMs last)>;
  Status ReadEnds(uint32_t metric, const SeriesPlaces& places, const TimeRange& range,
                  MayStand may_stand, ReadCache* cache, SeriesData* out) const;

  using SharedStrings = std::shared_ptr<const std::vector<std::string>>;
  // Of the matching series, sorted, without reading samples. Values of all series, without
  // matchers, are kept in the cache.
  Result<std::vector<std::string>> LabelNames(const Matchers& matchers) const;
  Result<SharedStrings> LabelValues(std::string_view name, const Matchers& matchers) const;

  struct MetricInfo {
    std::string name;
    uint64_t series = 0;
    uint64_t float_samples = 0;
    uint64_t histogram_samples = 0;
    uint64_t bytes = 0;  // Of its pages.
  };
  // Sorted by name.
  Result<std::vector<MetricInfo>> Metrics() const;

  // All series in the order in which they were written. One thread at a time; holds one
  // segment of one metric in memory.
  class Cursor {
   public:
    // False at the end.
    Result<bool> Next();
    // REQUIRES: the last Next() returned true.
    const SeriesHandle& series() const { return series_; }

   private:
    friend class WindowReader;
    explicit Cursor(std::shared_ptr<const WindowPages> pages) : pages_(std::move(pages)) {}

    std::shared_ptr<const WindowPages> pages_;
    std::shared_ptr<const std::vector<MetricEntry>> directory_;  // Null before the first row.
    uint32_t metric_ = 0;                                        // Of the next row,
    uint32_t segment_ = 0;                                       // ... its segment,
    uint32_t row_ = 0;                                           // ... and its number in that.
    std::shared_ptr<const LabelTable> table_;  // Null before the first row of a segment.
    std::vector<SeriesPlaces> places_;
    SeriesHandle series_;
  };
  Cursor Scan() const { return Cursor(pages_); }

  // Reads and decodes everything. Corruption names the first damaged page.
  Status Verify() const;

 private:
  struct Selection;
  // Sets `segments`, unless it is null, to metric and segment of each segment of the list.
  Result<SeriesList> ListAnew(const Matchers& matchers, const ListOptions& options,
                              std::vector<std::pair<uint32_t, uint32_t>>* segments) const;
  explicit WindowReader(std::shared_ptr<const WindowPages> pages) : pages_(std::move(pages)) {}
  static std::vector<uint32_t> SelectMetrics(const std::vector<MetricEntry>& metrics,
                                             const Matchers& matchers);
  Result<std::vector<std::string>> MetricNames(const Matchers& matchers) const;
  // Of a label other than the name.
  Result<std::vector<std::string>> ReadValues(std::string_view name,
                                              const Matchers& matchers) const;

  std::shared_ptr<const WindowPages> pages_;
};

}  // namespace firn::storage
