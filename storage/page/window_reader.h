// Reads one window: finds series by matchers over the label tables, then decodes their
// columns. Layout: docs/format/page.md.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/labels.h"
#include "base/matcher.h"
#include "base/status.h"
#include "storage/page/page_io.h"
#include "storage/page/window.h"

namespace firn::storage {

// Where the samples of one kind of one series lie.
struct ColumnPlace {
  uint32_t count = 0;        // Samples; 0 means that the series has none of this kind.
  uint32_t clock = 0;        // Number of the time column,
  uint32_t clock_first = 0;  // ... and where in it the series begins.
  uint32_t page = 0;         // Number of the data page within the metric,
  uint32_t offset = 0;       // ... and bytes into its payload.
  uint32_t length = 0;       // In bytes.
};

// A series of one window. Only the reader that made it may read it.
struct SeriesHandle {
  Labels labels;
  uint32_t metric = 0;  // Index of the metric in the window's directory.
  ColumnPlace floats;
  ColumnPlace histograms;
};

// What Read() keeps between calls, so that series read in order open each page once. Owned
// by the calling thread; may be used with several readers.
class ReadCache {
 public:
  ReadCache();
  ~ReadCache();

 private:
  friend class WindowReader;
  struct State;
  std::unique_ptr<State> state_;
};

// Thread-safe. Keeps the metric directory in memory and a bounded number of label tables
// and clocks in caches. Every page is verified when it is read: Corruption names the page.
class WindowReader {
 public:
  // NotFound if the window has no directory page: it was not finished.
  static Result<std::shared_ptr<const WindowReader>> Open(std::shared_ptr<const PageSource> source,
                                                          const WindowId& window);
  ~WindowReader();

  const WindowId& window() const;
  const WindowSummary& summary() const;

  // The matching series in the order of Labels.
  Result<std::vector<SeriesHandle>> Select(const Matchers& matchers) const;

  // Appends the samples with range.min <= t <= range.max. On error `out` is unspecified.
  Status Read(const SeriesHandle& series, const TimeRange& range, ReadCache* cache,
              SeriesData* out) const;

  // Of the matching series, sorted, without reading samples.
  Result<std::vector<std::string>> LabelNames(const Matchers& matchers) const;
  Result<std::vector<std::string>> LabelValues(std::string_view name,
                                               const Matchers& matchers) const;

  struct MetricInfo {
    std::string name;
    uint64_t series = 0;
    uint64_t float_samples = 0;
    uint64_t histogram_samples = 0;
    uint64_t bytes = 0;  // Of its pages.
  };
  // Sorted by name.
  std::vector<MetricInfo> Metrics() const;

  // All series in the order in which they were written. Borrows the reader; one thread at a
  // time. Holds one segment of one metric in memory.
  class Cursor {
   public:
    ~Cursor();
    // False at the end.
    Result<bool> Next();
    // REQUIRES: the last Next() returned true.
    const SeriesHandle& series() const;

   private:
    friend class WindowReader;
    struct State;
    explicit Cursor(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
  };
  std::unique_ptr<Cursor> Scan() const;

  // Reads and decodes everything. Corruption names the first damaged page.
  Status Verify() const;

 private:
  class Impl;
  explicit WindowReader(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace firn::storage
