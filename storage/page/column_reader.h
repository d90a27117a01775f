// Reads the samples of series of opened windows. Behind WindowReader::Read.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include <absl/functional/function_ref.h>

#include "base/status.h"
#include "base/time.h"
#include "storage/page/series_columns.h"
#include "storage/page/series_directory.h"
#include "storage/page/window.h"
#include "storage/page/window_pages.h"

namespace firn::storage {

// Keeps the last data page, clock page and a few clocks. One thread at a time.
class ColumnReader {
 public:
  // `shares`: see ReadCache.
  explicit ColumnReader(bool shares = false) : shares_(shares) {}

  // Appends the samples in `range` and all buckets. On error `out` is unspecified.
  Status Read(const std::shared_ptr<const WindowPages>& window, uint32_t metric,
              const SeriesPlaces& places, const TimeRange& range, SeriesData* out);

  // See WindowReader::ReadEnds.
  Status ReadEnds(const std::shared_ptr<const WindowPages>& window, uint32_t metric,
                  const ColumnPlace& floats, const TimeRange& range,
                  absl::FunctionRef<bool(TimestampMs, TimestampMs)> may_stand, SeriesData* out);

  // From the first to the last time of a series; none if its clocks cannot be read.
  std::optional<TimeRange> Span(const std::shared_ptr<const WindowPages>& window,
                                const SeriesPlaces& places);

 private:
  static constexpr uint32_t kNone = ~uint32_t{0};
  struct Clock {
    uint32_t number = kNone;
    WindowPages::SharedTimes times;
  };

  void Use(const std::shared_ptr<const WindowPages>& window);
  Result<const std::vector<TimestampMs>*> GetClock(uint32_t number);
  Result<WindowPages::SharedTimes> ReadClock(uint32_t number);
  Status LoadDataPage(uint32_t metric, uint32_t number);
  // Those of a column, of which `slice` is in range. Valid until another clock is asked for.
  struct Times {
    const TimestampMs* all = nullptr;
    SampleSlice slice;
  };
  Result<Times> FindTimes(const ColumnPlace& place, const TimeRange& range);
  Result<SampleSlice> ReadTimes(const ColumnPlace& place, const TimeRange& range,
                                std::vector<TimestampMs>* out);
  // The bytes of a column. Valid until the next call.
  Result<std::string_view> ColumnBytes(uint32_t metric, const ColumnPlace& place);

  const bool shares_;
  size_t pages_read_ = 0;
  std::shared_ptr<const WindowPages> window_;
  uint32_t metric_ = kNone;
  uint32_t data_number_ = kNone;
  VerifiedPage data_;
  uint32_t clock_page_number_ = kNone;
  VerifiedPage clock_page_;
  std::array<Clock, 4> clocks_;
  size_t next_clock_ = 0;
  std::vector<ColumnPiece> pieces_;  // Working memory of ReadEnds.
};

}  // namespace firn::storage
